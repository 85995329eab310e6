/**
 * Lets work with time to spare wait for its turn: it begins when nothing else is under way, and gives way to whatever comes
 * meanwhile.
 */
export class IdleTurn {
  private busy = 0;
  private waiting: (() => void)[] = [];
  private readonly yielding = new Set<AbortController>();

  /** Something that is waited for begins. */
  begin(): void {
    this.busy++;
    for (const controller of this.yielding) controller.abort();
  }

  /** It is over. */
  end(): void {
    this.busy--;
    if (this.busy > 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const resume of waiting) resume();
  }

  /**
   * Runs `work` when nothing is under way; its signal aborts when it has to give way, and then it is run again later. Rejects
   * with what `work` rejects with for any other reason, the caller's signal included.
   */
  async run<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      while (this.busy > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      this.yielding.add(controller);
      try {
        return await work(controller.signal);
      } catch (error) {
        if (signal.aborted || !controller.signal.aborted) throw error;
      } finally {
        this.yielding.delete(controller);
        signal.removeEventListener('abort', stop);
      }
    }
  }
}
