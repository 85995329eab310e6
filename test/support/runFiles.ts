import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolder, type RunStatus, runsFolder } from '../../src/node/runFolder.ts';
import { metricsLineSchema } from '../../src/shared/metricsLine.ts';
import type * as z from 'zod';

type MetricsLine = z.output<typeof metricsLineSchema>;
export type EpochLine = Extract<MetricsLine, { event: 'epoch' }>;

/** The runs of a folder, oldest first. */
export function runsOf(folder: string): RunFolder[] {
  const runs = runsFolder(folder);
  if (!existsSync(runs)) return [];
  const names = readdirSync(runs).sort();
  return names.map((name) => new RunFolder(join(runs, name))).filter((run) => existsSync(run.statusPath));
}

/** `status.json` of a run; null while it is being written. */
export function statusOf(run: RunFolder): RunStatus | null {
  try {
    return JSON.parse(readFileSync(run.statusPath, 'utf8')) as RunStatus;
  } catch {
    return null;
  }
}

/** The complete lines of a run's metrics file that are of one kind. */
export function metricsOf<E extends MetricsLine['event']>(
  run: RunFolder,
  event: E,
): Extract<MetricsLine, { event: E }>[] {
  const text = existsSync(run.metricsPath) ? readFileSync(run.metricsPath, 'utf8') : '';
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => metricsLineSchema.parse(JSON.parse(line)))
    .filter((line): line is Extract<MetricsLine, { event: E }> => line.event === event);
}
