import { t } from '@vscode/l10n';
import { formatCount, formatPercent, formatPercentWithRange } from './format.ts';
import type { LearningCurveResult } from './learningCurveResult.ts';

/** What a learning curve says, in one sentence. */
export function learningCurveSentence({ points, forecast }: LearningCurveResult): string {
  const now = points[points.length - 1];
  const [expected, present] = [
    formatPercentWithRange(forecast.accuracy, forecast.low, forecast.high),
    formatPercent(now.accuracy),
  ];
  return t(
    'With {0} images to learn from instead of {1}: about {2}, now {3}.',
    formatCount(forecast.images),
    formatCount(now.images),
    expected,
    present,
  );
}

/** How the same forecast would have done with fewer of the images. */
export function backTestSentence({ backTest }: LearningCurveResult): string {
  const { accuracy, forecast, low, high, within } = backTest;
  const [expected, measured] = [formatPercentWithRange(forecast, low, high), formatPercent(accuracy)];
  return within
    ? t(
        'Checked on itself: three quarters of the images forecast {0} for all of them; measured {1}.',
        expected,
        measured,
      )
    : t(
        'Checked on itself: three quarters of the images forecast {0} for all of them, but {1} was measured: take this forecast as a rough one.',
        expected,
        measured,
      );
}
