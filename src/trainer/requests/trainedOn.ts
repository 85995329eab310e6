import { RunFolder } from '../../node/runFolder.ts';
import { readRunSplit, splitImagePath } from '../../node/splitFile.ts';
import type { EvaluateResult } from '../../shared/results.ts';
import type { Example } from '../training/examples.ts';

/** A warning for each run that was trained on some of the images it is judged on: it may know them by heart. */
export async function trainedOnWarnings(
  runs: readonly string[],
  judged: readonly Example[],
): Promise<EvaluateResult['warnings']> {
  const warnings: EvaluateResult['warnings'] = [];
  for (const run of runs) {
    const split = await readRunSplit(new RunFolder(run)).catch(() => null);
    if (!split) continue;
    const trained = new Set(split.train.map((image) => splitImagePath(split, image)));
    const known = judged.filter(({ file }) => trained.has(file)).length;
    if (known === 0) continue;
    const text = `${run} was trained on ${known} of these ${judged.length} images, so its figures say little about new ones. Use images that it has not seen.`;
    warnings.push({ code: 'trainedOn', text });
  }
  return warnings;
}
