import { join } from 'node:path';
import { type Recommendation, recommendPlan } from '../../shared/advisor.ts';
import { findChallenger } from '../../shared/challenger.ts';
import type { LearningCurveResult } from '../../shared/learningCurveResult.ts';
import type { AdviseResult } from '../../shared/results.ts';
import { planLearningCurve } from './learningCurve.ts';
import { adviceInput, type MeasuredAdvice, measuredWarnings, measurePoint } from './measuredAdvice.ts';
import { recommendedPlan } from './recommendedPlan.ts';
import type { RequestContext } from './requestContext.ts';
import { openStartingPoint, type StartingPoint } from './startingPoint.ts';

interface AdviseParams {
  model: string;
  data: string;
  images?: number;
  measure?: boolean;
  learningCurve?: boolean;
}

/**
 * `thaw advise`: how much data there is, how like it is to what the network knows, and what follows. Nothing is written.
 * Rejects with the signal's reason when it aborts; throws as `openStartingPoint`.
 */
export async function advise(params: AdviseParams, context: RequestContext): Promise<AdviseResult> {
  const started = performance.now();
  const point = await openStartingPoint(params, context);
  try {
    const measured = params.measure === false ? null : await measurePoint(point, params.images, context);
    const input = adviceInput(point, measured);
    const recommendation = recommendPlan(input);
    const { data } = point;
    const learningCurve = params.learningCurve ? await curveOf(params.model, point, recommendation, context) : null;
    const curve = measured?.measurement.curve ?? null;
    const borderline = measured?.judgement.borderline ?? false;
    const learningRates = Object.entries(recommendation.blocks).flatMap(([name, { learningRate }]) =>
      learningRate === undefined ? [] : [[name, learningRate] as const],
    );
    return {
      data: { images: data.images, smallestClass: data.smallestClass, band: data.band, borderline: data.borderline },
      similarity: similarityOf(measured),
      quadrant: { data: data.quadrantData, similarity: input.similarity, sentence: recommendation.sentence },
      recommendation: {
        unfrozenBlocks: recommendation.unfrozenBlocks,
        headLearningRate: recommendation.optimizer.headLearningRate,
        blockLearningRates: Object.fromEntries(learningRates),
        phases: recommendation.phases,
        reasons: recommendation.reasons,
      },
      challenger: findChallenger(input, { borderline }, curve),
      warnings: [...point.warnings, ...measuredWarnings(point, measured), ...recommendation.warnings],
      ...(learningCurve ? { learningCurve } : {}),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    point.withHead.model.dispose();
  }
}

/** The learning curve of the plan that is recommended, which is written nowhere. Throws as `planLearningCurve`. */
async function curveOf(
  model: string,
  point: StartingPoint,
  recommendation: Recommendation,
  context: RequestContext,
): Promise<LearningCurveResult> {
  const plan = recommendedPlan(point, recommendation, { model, from: (path) => path });
  const path = join(context.directory, 'advice.finetune.json');
  return planLearningCurve({ plan: path, text: JSON.stringify(plan) }, context);
}

function similarityOf(measured: MeasuredAdvice | null): AdviseResult['similarity'] {
  if (!measured) {
    const nothing = {
      bnDistance: null,
      low: null,
      high: null,
      fingerprint: null,
      images: 0,
      depthCurve: [],
      reasons: [],
    };
    return { source: 'assumed', ...nothing, band: 'high', borderline: false };
  }
  const { measurement, judgement } = measured;
  const { band, borderline, source, reasons } = judgement;
  return {
    bnDistance: measurement.distance?.distance ?? null,
    low: measurement.distance?.low ?? null,
    high: measurement.distance?.high ?? null,
    fingerprint: measurement.fingerprint,
    images: measurement.images,
    ...{ source, band, borderline, reasons },
    depthCurve: measurement.depths?.points ?? [],
  };
}
