import { dirname, resolve } from 'node:path';
import { listData } from '../../node/dataFolder.ts';
import { identitiesOf, modelPaths } from '../../node/fileIdentities.ts';
import { planFileOf } from '../../node/planFile.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import { StoredMeasurement } from '../../node/storedMeasurement.ts';
import { type SimilarityResult, similarityResultSchema } from '../../shared/similarityResult.ts';
import { THAW_VERSION } from '../../shared/version.ts';
import { openEngine } from '../engines.ts';
import { prepareNetwork } from '../training/prepareNetwork.ts';
import { imagesToMeasure, measureImages } from './measuredAdvice.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/**
 * How like the images of a plan are to what its network knows: measured now, or as it was measured before of the same files.
 * It is about the whole network, wherever the plan has its head: a cut changes neither the images nor what was learned.
 * Throws `planInvalid` and what finding a model and listing data throw; rejects with the signal's reason when it aborts.
 */
export async function planSimilarity(
  params: { plan: string; text: string },
  context: RequestContext,
): Promise<SimilarityResult> {
  const file = planFileOf(resolve(context.directory, params.plan), params.text);
  const { plan } = file;
  const { files } = await findModel(plan.model, dirname(file.path), context, workspaceOf(file.path));
  const images = imagesToMeasure(await listData(file.resolve(plan.data.train)));
  const identities = await identitiesOf([...modelPaths(files), ...images.chosen.map((image) => image.file)]);
  const labels = images.chosen.map(({ label }) => images.classes[label]);
  const key = { similarity: identities, labels, input: plan.input, thaw: THAW_VERSION, whole: true };
  const stored = new StoredMeasurement(similarityResultSchema, key);
  const known = await stored.read();
  if (known) return known;
  const engine = await openEngine('portable', context);
  const head = { ...plan.head, after: undefined };
  const network = await prepareNetwork({ ...plan, weights: 'pretrained', head }, files);
  try {
    const measured = await measureImages({ engine, ...network }, images, undefined, context);
    await stored.write(measured);
    return measured;
  } finally {
    network.model.dispose();
  }
}
