/** Shortest time between two messages to a page about something that goes on. */
const INTERVAL_MS = 100;

/** Does something at most ten times a second, and what comes first after a while at once. */
export class Pace {
  private timer: NodeJS.Timeout | undefined;
  private last = -Infinity;

  /** Does it as soon as it may be done again; while that is waited for, nothing more needs to be asked. */
  ask(act: () => void): void {
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.last + INTERVAL_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.last = performance.now();
      act();
    }, wait);
  }

  /** Leaves undone what waits. */
  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
