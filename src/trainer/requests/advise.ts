import { recommendPlan } from '../../shared/advisor.ts';
import { findChallenger } from '../../shared/challenger.ts';
import type { AdviseResult } from '../../shared/results.ts';
import { adviceInput, type MeasuredAdvice, measuredWarnings, measurePoint } from './measuredAdvice.ts';
import type { RequestContext } from './requestContext.ts';
import { openStartingPoint } from './startingPoint.ts';

interface AdviseParams {
  model: string;
  data: string;
  images?: number;
  measure?: boolean;
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
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    point.withHead.model.dispose();
  }
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
  const { band, borderline, reasons } = judgement;
  return {
    source: 'measured',
    bnDistance: measurement.distance?.distance ?? null,
    low: measurement.distance?.low ?? null,
    high: measurement.distance?.high ?? null,
    fingerprint: measurement.fingerprint,
    images: measurement.images,
    ...{ band, borderline, reasons },
    depthCurve: measurement.depths?.points ?? [],
  };
}
