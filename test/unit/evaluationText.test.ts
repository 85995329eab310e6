import { describe, expect, it } from 'vitest';
import { describeEvaluation } from '../../src/cli/evaluationText.ts';
import type { EvaluateResult } from '../../src/shared/results.ts';

function result(meanConfidence: number, changes: Partial<EvaluateResult> = {}): EvaluateResult {
  return {
    n: 200,
    accuracy: 0.9,
    low: 0.85,
    high: 0.94,
    balancedAccuracy: 0.91,
    loss: 0.25,
    auc: 0.9714,
    calibration: {
      meanConfidence,
      expectedCalibrationError: 0.0532,
      brierScore: 0.1514,
      negativeLogLikelihood: 0.25,
      bins: [],
    },
    perClass: [
      { class: 'aster', n: 200, precision: 0.9, recall: 0.95, auc: 0.9714 },
      { class: 'daisy', n: 0, precision: 0, recall: 0, auc: null },
    ],
    confusion: [],
    classes: ['aster', 'daisy'],
    problems: [],
    judgedOn: 'all',
    warnings: [],
    images: [],
    ...changes,
  };
}

const calibrationLine = (of: EvaluateResult): string => describeEvaluation(of).split('\n')[2];

describe('describeEvaluation', () => {
  it('gives every figure with what it means', () => {
    expect(describeEvaluation(result(0.91)).split('\n')).toEqual([
      'accuracy 90.0 % (95 % interval 85.0 % to 94.0 %, 200 images), balanced 91.0 %, loss 0.2500',
      'AUC 0.971: how often an image of a class gets a higher probability of it than an image of another (0.5 is chance)',
      'calibration: 91.0 % sure on average and right in 90.0 %, no more apart than 200 images may be by chance; expected calibration error 5.3 points, Brier score 0.151',
      'class  images  precision  recall  AUC',
      'aster     200  90.0 %     95.0 %  0.971',
      'daisy       0  0.0 %      0.0 %   none',
    ]);
  });

  it('calls a model too sure, or not sure enough, only beyond the interval of its accuracy', () => {
    const judgements = [0.95, 0.94, 0.85, 0.84].map(
      (sure) => /right in 90.0 %, (.*);/.exec(calibrationLine(result(sure)))?.[1],
    );
    const chance = 'no more apart than 200 images may be by chance';
    expect(judgements).toEqual(['it is too sure', chance, chance, 'it is less sure than it may be']);
  });

  it('says why there is no AUC', () => {
    expect(describeEvaluation(result(0.9, { auc: null }))).toContain(
      '\nAUC: none, since all images are of one class\n',
    );
  });
});
