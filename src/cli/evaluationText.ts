import { formatPercent, formatPoints } from '../shared/format.ts';
import type { EvaluateResult } from '../shared/results.ts';
import { counted, formatInterval, formatTable } from './output.ts';

/** The figures of an evaluation for people: accuracy, ranking, calibration, and a table of the classes. */
export function describeEvaluation(result: EvaluateResult): string {
  const rows = result.perClass.map((entry) => [
    entry.class,
    entry.n,
    formatPercent(entry.precision),
    formatPercent(entry.recall),
    formatAuc(entry.auc),
  ]);
  return [
    `accuracy ${formatPercent(result.accuracy)} (${formatInterval(result.low, result.high)}, ${counted(result.n, 'image')}), balanced ${formatPercent(result.balancedAccuracy)}, loss ${result.loss.toFixed(4)}`,
    describeRanking(result),
    describeCalibration(result),
    formatTable(rows, ['class', 'images', 'precision', 'recall', 'AUC']),
  ].join('\n');
}

const formatAuc = (auc: number | null): string => (auc === null ? 'none' : auc.toFixed(3));

function describeRanking({ auc }: EvaluateResult): string {
  return auc === null
    ? 'AUC: none, since all images are of one class'
    : `AUC ${formatAuc(auc)}: how often an image of a class gets a higher probability of it than an image of another (0.5 is chance)`;
}

/** Says "too sure" only where the mean confidence lies outside the interval of the accuracy. */
function describeCalibration({ n, accuracy, low, high, calibration }: EvaluateResult): string {
  const { meanConfidence, expectedCalibrationError, brierScore } = calibration;
  const judgement =
    meanConfidence > high
      ? 'it is too sure'
      : meanConfidence < low
        ? 'it is less sure than it may be'
        : `no more apart than ${counted(n, 'image')} may be by chance`;
  return `calibration: ${formatPercent(meanConfidence)} sure on average and right in ${formatPercent(accuracy)}, ${judgement}; expected calibration error ${formatPoints(expectedCalibrationError)}, Brier score ${brierScore.toFixed(3)}`;
}
