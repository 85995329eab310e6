import { readFileSync } from 'node:fs';

/** Whether a process does anything still; one that has ended and waits for its parent to notice does not. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch {
    return false;
  }
  return stateOf(processId) !== 'Z';
}

/** The letter that Linux gives the state of a process; empty elsewhere. */
function stateOf(processId: number): string {
  try {
    const status = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2)[0];
  } catch {
    return '';
  }
}
