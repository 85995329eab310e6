import { t } from '@vscode/l10n';
import { type AdviceInput, type Level, type Recommendation, recommendPlan } from '../advisor.ts';
import { type Challenger, EARLIER_HEAD, findChallenger } from '../challenger.ts';
import { type DataBand, dataBand } from '../dataBand.ts';
import { blocksAbovePeak } from '../depthCurve.ts';
import { ThawError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { PlanEdit, PlanSources } from '../planEdits.ts';
import type { PlanData, PlanNetwork } from '../planView.ts';
import { judgeSimilarity } from '../similarity.ts';
import type { SimilarityMeasurement } from '../similarityResult.ts';
import { cutAfter, networkUpTo } from './cut.ts';

type Way = Extract<PlanEdit, { kind: 'way' }>['way'];

/** Images a class where they are not counted yet: in the midst of few, and of many. */
const TYPICAL_CLASS = { low: 100, high: 1000 };

/**
 * Rewrites what the advisor decides for a quadrant: blocks, phases, the optimizer, batch normalization, augmentation, early
 * stopping, the head's dropout and L2, and the advice itself; an amount or a similarity that is new is the user's.
 * Throws `usage` without the network.
 */
export function applyQuadrant(draft: Plan, source: PlanSources, data: Level, similarity: Level): void {
  const advice = recommendQuadrant(draft, source, data, similarity);
  applyTraining(draft, advice);
  const { clipNorm } = draft.optimizer;
  // The rates are made for this optimizer.
  draft.optimizer = { ...advice.optimizer, ...(clipNorm === undefined ? {} : { clipNorm }) };
  draft.augment = advice.augment;
  draft.earlyStopping = advice.earlyStopping;
  Object.assign(draft.head, advice.head);
  draft.advice = advice.advice;
}

/**
 * Rewrites the same for a challenger. With a head on an earlier block it takes what few and similar images get, the head
 * alone, as `EARLIER_HEAD` trains it; the advice stays that of the images. Throws `usage` without the network.
 */
export function applyChallenger(
  draft: Plan,
  source: PlanSources,
  { headAfter, data, similarity }: Omit<Extract<PlanEdit, { kind: 'challenger' }>, 'kind'>,
): void {
  if (headAfter === null) return applyQuadrant(draft, source, data, similarity);
  const network = requireNetwork(source.network);
  // With tiny data the table retrains nothing either.
  const leftOut = source.data?.band.tiny ? [] : [RETRAINING];
  const advice = { data, similarity, similaritySource: sourceOf(draft, source, similarity), leftOut };
  cutAfter(draft, network, headAfter);
  applyQuadrant(draft, { ...source, network: networkUpTo(network, headAfter) }, 'low', 'high');
  const { headLearningRate, epochs, patience } = EARLIER_HEAD;
  draft.optimizer.headLearningRate = headLearningRate;
  draft.phases = [{ name: 'head', epochs, unfreeze: [] }];
  draft.earlyStopping = { patience };
  draft.advice = advice;
}

/** In English, since it is written into the plan. */
const RETRAINING =
  'Retraining the last blocks, which the table has for few and dissimilar images: a head on an earlier block takes its place.';

/** The quadrant that the plan worth a try is looked for beside: as measured, but for what the user has said. */
export function advisedQuadrant(
  plan: Plan,
  { data, similarity: measured }: PlanSources,
): { data: Level; similarity: Level } | null {
  if (!data || !measured) return null;
  const given = plan.advice?.similaritySource === 'given' ? plan.advice.similarity : null;
  return { data: data.band.quadrantData, similarity: given ?? judgeSimilarity(measured).similarity };
}

/** What `applyQuadrant` would write, with its reasons. Throws `usage` without the network. */
export function recommendQuadrant(plan: Plan, source: PlanSources, data: Level, similarity: Level): Recommendation {
  const band = levelBand(plan, source.data ?? null, data);
  return recommendPlan({
    ...adviceInput(plan, source, band, similarity),
    ...dataSource(plan, source.data ?? null, data),
  });
}

/**
 * Rewrites blocks, phases, the head's rate and batch normalization for one of the three ways of transfer. Throws `usage`
 * without the network.
 */
export function applyWay(draft: Plan, source: PlanSources, way: Way): void {
  applyTraining(draft, recommendWay(draft, source, way));
}

function recommendWay(plan: Plan, source: PlanSources, way: Way): Recommendation {
  const measured = source.data?.band ?? typicalBand(plan, plan.advice?.data ?? 'low');
  switch (way) {
    case 'featureExtractor':
      return recommend(plan, source, levelBand(plan, source.data ?? null, 'low'), 'high');
    case 'fineTune':
      // The user has decided against training the head alone, which is all the advisor offers for few similar images.
      return recommend(plan, source, { ...measured, tiny: false }, measured.quadrantData);
    case 'plainStart': {
      const complete = recommend(plan, source, levelBand(plan, source.data ?? null, 'high'), 'low');
      return { ...complete, phases: complete.phases.filter((phase) => phase.unfreeze === undefined) };
    }
  }
}

function applyTraining(draft: Plan, advice: Recommendation): void {
  draft.weights = 'pretrained';
  draft.blocks = advice.blocks;
  draft.phases = advice.phases;
  draft.optimizer.headLearningRate = advice.optimizer.headLearningRate;
  draft.batchNorm = advice.batchNorm;
}

/**
 * The plan worth a try beside that of `advisedQuadrant`; null where there is none or nothing was measured, and where the plan
 * has its head on an earlier block already, which the recommended plan would have to take back.
 */
export function measuredChallenger(plan: Plan, sources: PlanSources): Challenger | null {
  const { data, similarity: measured, network } = sources;
  const advised = advisedQuadrant(plan, sources);
  if (!data || !measured || !advised || isCut(network, measured)) return null;
  const input = adviceInput(plan, sources, data.band, advised.similarity);
  return findChallenger(input, judgeSimilarity(measured), measured.curve);
}

/** Whether the head sits before the last of the depths, which are those of the whole network. */
function isCut(network: PlanSources['network'], { depths }: SimilarityMeasurement): boolean {
  const last = depths?.points.at(-1)?.block;
  return network !== null && last !== undefined && network.blocks.every(({ name }) => name !== last);
}

function recommend(plan: Plan, sources: PlanSources, data: DataBand, similarity: Level): Recommendation {
  return recommendPlan(adviceInput(plan, sources, data, similarity));
}

/** Throws `usage` without the network. */
function adviceInput(plan: Plan, sources: PlanSources, data: DataBand, similarity: Level): AdviceInput {
  const { similarity: measured, data: images } = sources;
  const blocks = requireNetwork(sources.network).blocks.map(({ name, layers }) => ({
    name,
    layers: layers.map((layer) => layer.name),
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
  }));
  const { validation: stated } = plan.data;
  const validation = images?.validation ?? (typeof stated === 'number' ? { share: stated } : null);
  return {
    data,
    similarity,
    similaritySource: sourceOf(plan, sources, similarity),
    blocks,
    ...(measured?.curve ? { blocksAbovePeak: blocksAbovePeak(measured.curve, blocks) } : {}),
    batchSize: plan.batchSize,
    ...(validation ? { validation } : {}),
  };
}

/** Throws `usage` without the network. */
export function requireNetwork(network: PlanNetwork | null): PlanNetwork {
  if (network) return network;
  const message = t('The network of the plan is not known, so there is nothing to recommend. Mend "model" first.');
  throw new ThawError({ reason: 'usage', message });
}

/** Only a similarity that differs from what was measured, or else from what the plan rests on, is a new word of the user. */
function sourceOf(
  plan: Plan,
  { similarity: measured }: PlanSources,
  similarity: Level,
): AdviceInput['similaritySource'] {
  if (measured) {
    const judged = judgeSimilarity(measured);
    return judged.similarity === similarity ? judged.source : 'given';
  }
  return plan.advice?.similarity === similarity ? plan.advice.similaritySource : 'given';
}

/** Only an amount that differs from what was counted, or else from what the plan rests on, is a new word of the user. */
function dataSource(plan: Plan, data: PlanData | null, level: Level): Pick<AdviceInput, 'dataSource'> {
  if (data) return data.band.quadrantData === level ? {} : { dataSource: 'given' };
  const { advice } = plan;
  return advice?.data === level ? { dataSource: advice.dataSource } : { dataSource: 'given' };
}

/** The images as counted where they are of that level; otherwise the level is the user's word. */
function levelBand(plan: Plan, data: PlanData | null, level: Level): DataBand {
  const measured = data?.band ?? typicalBand(plan, level);
  if (measured.quadrantData === level) return measured;
  return { ...measured, band: level, quadrantData: level, borderline: false, tiny: false };
}

function typicalBand(plan: Plan, level: Level): DataBand {
  return dataBand(plan.head.classes.map(() => TYPICAL_CLASS[level]));
}
