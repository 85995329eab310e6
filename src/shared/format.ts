import { t } from '@vscode/l10n';

/** Numbers as people read them, alike in the terminal and the editor; digits are in every language as in the plan file. */

/** `25 ms`, `0.4 s`, `12 s`, `2 min 5 s`, `1 h 5 min`, `2 d 3 h`; `unknown` for what is not a finite number of seconds >= 0. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return t('unknown');
  if (seconds > 0 && seconds < 0.0995) return t('{0} ms', Math.max(1, Math.round(seconds * 1000)));
  if (seconds < 9.95) return t('{0} s', Number(seconds.toFixed(1)));
  if (seconds < 59.5) return t('{0} s', Math.round(seconds));
  if (seconds < 3599.5) {
    const [minutes, rest] = divide(Math.round(seconds), 60);
    return rest === 0 ? t('{0} min', minutes) : t('{0} min {1} s', minutes, rest);
  }
  if (seconds < 86370) {
    const [hours, rest] = divide(Math.round(seconds / 60), 60);
    return rest === 0 ? t('{0} h', hours) : t('{0} h {1} min', hours, rest);
  }
  const [days, rest] = divide(Math.round(seconds / 3600), 24);
  return rest === 0 ? t('{0} d', days) : t('{0} d {1} h', days, rest);
}

function divide(total: number, by: number): [whole: number, rest: number] {
  return [Math.floor(total / by), total % by];
}

const BYTE_UNITS: readonly ((value: number) => string)[] = [
  (value) => t('{0} B', value),
  (value) => t('{0} kB', value),
  (value) => t('{0} MB', value),
  (value) => t('{0} GB', value),
  (value) => t('{0} TB', value),
];

/** Decimal units: `512 B`, `3.4 kB`, `1.6 MB`, `2 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return BYTE_UNITS[unit](Number(value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1)));
}

/** A share from 0 to 1 as `94.3 %`. Less than everything is never rounded up to 100, nor more than nothing down to 0. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.0005) return t('< 0.1 %');
  if (share < 1 && share > 0.9995) return t('> 99.9 %');
  return t('{0} %', (share * 100).toFixed(1));
}

/** A share with its interval: `94.3 % (89.1 % to 96.9 %)`. */
export function formatPercentWithRange(share: number, low: number, high: number): string {
  return t('{0} ({1} to {2})', formatPercent(share), formatPercent(low), formatPercent(high));
}

/** Made once: a format takes longer to make than to use, and editors count things at every drawing. */
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `410,208`; counts.ts has the words for what is counted. */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/** Several things after each other: `a`, `a, b`, `a, b, c`. */
export function formatList(items: readonly string[]): string {
  return items.length === 0 ? '' : items.reduce((list, item) => t('{0}, {1}', list, item));
}

/** A difference of two shares in percentage points: `4.1 points`, `-0.3 points`. */
export function formatPoints(difference: number): string {
  return t('{0} points', pointsOf(difference));
}

/** An interval of such a difference, without the unit: `-0.6 to 7.6`. */
export function formatPointRange(low: number, high: number): string {
  return t('{0} to {1}', pointsOf(low), pointsOf(high));
}

/** One decimal; what that would turn into 0.0 keeps its first digit, so that the sign is always seen. */
function pointsOf(difference: number): string {
  const points = difference * 100;
  if (Math.abs(points) < 0.0001) return '0.0';
  return Math.abs(points) < 0.05 ? String(Number(points.toPrecision(1))) : points.toFixed(1);
}

/** `p = 0.023`, `p < 0.001`; two digits, or as many as it takes to stay on its side of 0.05. Every language writes it so. */
export function formatPValue(pValue: number): string {
  if (pValue < 0.001) return 'p < 0.001';
  if (pValue < 1 && pValue >= 0.995) return 'p > 0.99';
  let digits = 2;
  while (pValue !== 0.05 && Number(pValue.toPrecision(digits)) === 0.05) digits++;
  return `p = ${Number(pValue.toPrecision(digits))}`;
}
