/** Numbers as people read them, alike in the terminal and the editor. */

/** `25 ms`, `0.4 s`, `12 s`, `2 min 5 s`, `1 h 5 min`, `2 d 3 h`; `unknown` for what is not a finite number of seconds >= 0. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return 'unknown';
  if (seconds === 0) return '0 s';
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  if (seconds < 3599.5) return pair(Math.round(seconds), 60, 'min', 's');
  if (seconds < 86370) return pair(Math.round(seconds / 60), 60, 'h', 'min');
  return pair(Math.round(seconds / 3600), 24, 'd', 'h');
}

function pair(small: number, perLarge: number, largeUnit: string, smallUnit: string): string {
  const large = Math.floor(small / perLarge);
  const rest = small % perLarge;
  return rest === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${rest} ${smallUnit}`;
}

/** Decimal units: `512 B`, `3.4 kB`, `1.6 MB`, `2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1))} ${units[unit]}`;
}

/** A share from 0 to 1 as `94.3 %`. Less than everything is never rounded up to 100, nor more than nothing down to 0. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  if (share < 1 && share > 0.9995) return '> 99.9 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** `410,208`; with a noun `1 image`, `720 images`. */
export function formatCount(count: number, noun?: string, plural = `${noun}s`): string {
  const digits = count.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return noun === undefined ? digits : `${digits} ${count === 1 ? noun : plural}`;
}

/** A difference of two shares in percentage points: `4.1 points`, `-0.3 points`. */
export function formatPoints(difference: number): string {
  return `${pointsOf(difference)} points`;
}

/** An interval of such a difference, without the unit: `-0.6 to 7.6`. */
export function formatPointRange(low: number, high: number): string {
  return `${pointsOf(low)} to ${pointsOf(high)}`;
}

/** One decimal; what that would turn into 0.0 keeps its first digit, so that the sign is always seen. */
function pointsOf(difference: number): string {
  const points = difference * 100;
  if (Math.abs(points) < 0.0001) return '0.0';
  return Math.abs(points) < 0.05 ? String(Number(points.toPrecision(1))) : points.toFixed(1);
}

/** `p = 0.023`, `p < 0.001`; two digits, or as many as it takes to stay on its side of 0.05. */
export function formatPValue(pValue: number): string {
  if (pValue < 0.001) return 'p < 0.001';
  if (pValue < 1 && pValue >= 0.995) return 'p > 0.99';
  let digits = 2;
  while (pValue !== 0.05 && Number(pValue.toPrecision(digits)) === 0.05) digits++;
  return `p = ${Number(pValue.toPrecision(digits))}`;
}
