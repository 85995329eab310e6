import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../../node/atomicFile.ts';
import { recommendPlan } from '../../shared/advisor.ts';
import { ThawError } from '../../shared/errors.ts';
import type { InitResult } from '../../shared/results.ts';
import { adviceInput, type MeasuredAdvice, measuredWarnings, measurePoint } from './measuredAdvice.ts';
import { BATCH_SIZE, recommendedPlan } from './recommendedPlan.ts';
import type { RequestContext } from './requestContext.ts';
import { openStartingPoint, type StartingPoint } from './startingPoint.ts';

interface InitParams {
  model: string;
  data: string;
  similarity?: 'low' | 'high';
  output?: string;
  seed?: number;
}

/**
 * `thaw init`: writes the recommended plan for a model and a data folder. The similarity is measured unless it is given.
 * Throws `planExists` and as `openStartingPoint`; rejects with the signal's reason when it aborts.
 */
export async function init(params: InitParams, context: RequestContext): Promise<InitResult> {
  const data = resolve(context.directory, params.data);
  const output = resolve(context.directory, params.output ?? `${basename(data).replace(/\.csv$/i, '')}.finetune.json`);
  await requireFree(output);
  const point = await openStartingPoint(params, context);
  try {
    const measured = params.similarity ? null : await measurePoint(point, undefined, context);
    return await writePlan({ params, output, point, measured, directory: context.directory });
  } finally {
    point.withHead.model.dispose();
  }
}

async function writePlan(given: {
  params: InitParams;
  output: string;
  point: StartingPoint;
  measured: MeasuredAdvice | null;
  directory: string;
}): Promise<InitResult> {
  const { params, output, point, measured, directory } = given;
  const { range } = point;
  const advised = { ...adviceInput(point, measured, params.similarity), batchSize: BATCH_SIZE };
  const advice = recommendPlan(advised);
  const from = (path: string): string => relativeReference(dirname(output), path);
  const model = await modelReference(params.model, directory, from);
  const plan = recommendedPlan(point, advice, { model, from, seed: params.seed });
  await writeFileAtomic(output, `${JSON.stringify(plan, null, 2)}\n`);
  return {
    plan: output,
    quadrant: { data: advice.advice.data, similarity: advice.advice.similarity, sentence: advice.sentence },
    similaritySource: advised.similaritySource,
    range,
    reasons: [...(measured?.judgement.reasons ?? []), ...advice.reasons],
    leftOut: advice.leftOut,
    warnings: [...point.warnings, ...measuredWarnings(point, measured), ...advice.warnings],
  };
}

async function requireFree(path: string): Promise<void> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new ThawError({ reason: 'planExists', path });
}

/** A path as the plan file writes it: relative, with forward slashes, unless it lies on another drive. */
function relativeReference(folder: string, path: string): string {
  const reference = relative(folder, path);
  return isAbsolute(reference) ? reference : reference.split(sep).join('/') || '.';
}

/** Catalog names and names of runs stay names; files and folders become relative to the plan. */
async function modelReference(model: string, directory: string, from: (path: string) => string): Promise<string> {
  const path = resolve(directory, model);
  return stat(path).then(
    () => from(path),
    () => model,
  );
}
