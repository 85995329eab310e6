export interface Spread {
  least: number;
  middle: number;
  most: number;
}

/** Least, median and largest of some numbers. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const middle = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { least: sorted[0], middle, most: sorted[sorted.length - 1] };
}

/** Three digits and no more, such as `0.046`, `7.05`, `18.9`, `764`. */
export function formatNumber(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** `18.9 / 19.5 / 22.4`: least, median and largest. */
export function formatSpread(values: readonly number[]): string {
  const { least, middle, most } = spread(values);
  return [least, middle, most].map(formatNumber).join(' / ');
}

/** A table in Markdown. */
export function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What computed. */
export interface Machine {
  processor: string;
  cores: number;
  memoryBytes: number;
  /** Platform and architecture. */
  system: string;
  /** Version of the Node.js that runs the benchmark. */
  node: string;
}

/** `2026-11-21; AMD EPYC, 2 cores, 25 GB of memory, linux x64`. */
export function formatMachine(date: string, { processor, cores, memoryBytes, system }: Machine): string {
  return `${date}; ${processor}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB of memory, ${system}`;
}
