import { formatMachine, formatNumber, type Machine, table } from './reportText.ts';

/** One plan of the comparison; seconds of an epoch, and bytes. */
export interface CostRow {
  name: string;
  predicted: number;
  measured: number;
  predictedBytes: number;
  measuredBytes: number;
  /** How long the prediction took, nothing known before. */
  checkSeconds: number;
}

export interface CostTable {
  title: string;
  rows: CostRow[];
}

/** Furthest that a prediction may be off. */
export const LARGEST_ERROR = 0.3;

export function costHead(): string[] {
  return ['plan', 'predicted, s', 'measured, s', 'ratio', 'memory predicted, GB', 'measured, GB', 'check, s', ''];
}

export function costRows({ rows }: CostTable): string[][] {
  return rows.map(({ name, predicted, measured, predictedBytes, measuredBytes, checkSeconds }) => [
    name,
    formatNumber(predicted),
    formatNumber(measured),
    (predicted / measured).toFixed(2),
    formatNumber(predictedBytes / 1e9),
    formatNumber(measuredBytes / 1e9),
    checkSeconds.toFixed(1),
    Math.abs(predicted / measured - 1) <= LARGEST_ERROR ? 'met' : '**missed**',
  ]);
}

/** What one engine's predictions came to. */
export interface CostReport {
  engine: string;
  date: string;
  machine: Machine;
  /** Load average of the machine before. */
  load: number;
  tables: CostTable[];
}

/** The section of an engine in docs/performance.md. */
export function renderCost({ engine, date, machine, load, tables }: CostReport): string {
  return [
    `## Predicted cost, ${engine} engine`,
    [
      `\`node scripts/costAccuracy.mjs --engine ${engine}\` wrote this section: it asks \`thaw check\` for the cost of a plan,`,
      'trains the plan, and compares. Times are those of an epoch: predicted, and the median of all epochs but the first.',
      'The goal is a difference of at most 30 %. Each prediction measures the network anew, just before it is trained.',
    ].join('\n'),
    [
      `- ${formatMachine(date, machine)}, Node.js ${machine.node}`,
      `- load average of the machine before: ${load.toFixed(1)}`,
    ].join('\n'),
    ...tables.flatMap((each) => [`### ${each.title}`, table(costHead(), costRows(each))]),
  ].join('\n\n');
}
