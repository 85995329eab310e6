import { t } from '@vscode/l10n';

/** The plan format allows no more. */
const HIGHEST = 100;
/** Below this a rate moves nothing. */
const LOWEST_STEP = 1e-7;
const STEPS = [1, 2, 5, 10];

/** What was typed, as a learning rate, or why it is none. */
export function parseRate(text: string): { rate: number } | { problem: string } {
  const trimmed = text.trim().replace(',', '.');
  const rate = Number(trimmed);
  if (trimmed === '' || Number.isNaN(rate)) return { problem: t('Write a number such as 1e-4 or 0.001.') };
  if (rate <= 0) return { problem: t('A rate is greater than 0. Freeze the block to keep it as it is.') };
  if (rate > HIGHEST) return { problem: t('A rate is at most {0}.', HIGHEST) };
  return { rate };
}

/** The next rate upwards (1) or downwards (-1) in the series 1, 2, 5, 10. */
export function stepRate(rate: number, direction: 1 | -1): number {
  const exponent = Math.floor(Math.log10(rate) + 1e-9);
  const mantissa = rate / 10 ** exponent;
  const close = 1e-6;
  const next =
    direction === 1
      ? (STEPS.find((step) => step > mantissa + close) ?? 20)
      : (STEPS.findLast((step) => step < mantissa - close) ?? 0.5);
  // Written as text, since powers of ten are not exact.
  const stepped = Number(`${next}e${exponent}`);
  return Math.min(HIGHEST, Math.max(LOWEST_STEP, stepped));
}
