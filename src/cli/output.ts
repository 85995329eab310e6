import { formatCount, formatPercent } from '../shared/format.ts';

/** What a command writes: results to stdout, everything else to stderr. */
export interface Output {
  json: boolean;
  quiet: boolean;
  /** A line for people on stdout; nothing with --json. */
  line(text: string): void;
  /** One JSON object a line; nothing without --json. */
  object(value: object): void;
  /** A remark on stderr; nothing with --quiet. */
  note(text: string): void;
}

/** Writes to the process's own streams. */
export function createOutput(options: { json?: boolean; quiet?: boolean }): Output {
  const json = options.json ?? false;
  const quiet = options.quiet ?? false;
  return {
    json,
    quiet,
    line: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    object: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
  };
}

/** `1 image`, `720 images`. The command line is English whatever the language of the system: scripts read it. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** `95 % interval 88.1 % to 96.0 %`, of two shares. */
export function formatInterval(low: number, high: number): string {
  return `95 % interval ${formatPercent(low)} to ${formatPercent(high)}`;
}

/** A table with aligned columns; columns whose cells are all numbers are aligned to the right. */
export function formatTable(rows: readonly (readonly (string | number)[])[], header: readonly string[]): string {
  const all = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return all
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
