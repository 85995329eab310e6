import type { InstallProgress } from './installRoute.ts';

/** How often at most somebody is told how far a step is: more than that nobody can read. */
const PAUSE_MS = 100;

/**
 * Passes on at most ten reports a second, but every new step or text at once, and the last report of a burst always.
 */
export function throttledProgress(hear: (progress: InstallProgress) => void): (progress: InstallProgress) => void {
  let last = { line: '', time: -Infinity };
  let waiting: InstallProgress | null = null;
  const pass = (progress: InstallProgress): void => {
    last = { line: lineOf(progress), time: performance.now() };
    waiting = null;
    hear(progress);
  };
  const passWaiting = (): void => {
    if (waiting) pass(waiting);
  };
  return (progress) => {
    if (lineOf(progress) !== last.line) {
      passWaiting();
      pass(progress);
      return;
    }
    const left = last.time + PAUSE_MS - performance.now();
    if (left <= 0) pass(progress);
    else if (!waiting) setTimeout(passWaiting, left).unref();
    waiting = left <= 0 ? null : progress;
  };
}

const lineOf = ({ step, text }: InstallProgress): string => `${step} ${text}`;
