const INTERVAL_MS = 200;

/** Passes progress on at most five times a second, and always the last. */
export function throttled<More extends unknown[]>(
  tell: (done: number, total: number, ...more: More) => void,
): typeof tell {
  let last = -Infinity;
  return (done, total, ...more) => {
    const now = performance.now();
    if (now - last < INTERVAL_MS && done < total) return;
    last = now;
    tell(done, total, ...more);
  };
}
