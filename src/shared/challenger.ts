import { t } from '@vscode/l10n';
import { type AdviceInput, type Level, quadrantSentence, recommendPlan } from './advisor.ts';
import { type DepthCurve, hasDrop } from './depthCurve.ts';
import { formatCount } from './format.ts';
import type { SimilarityJudgement } from './similarity.ts';

/** Another plan that is worth a try beside the recommended one. */
export interface Challenger {
  /** `earlierHead`: the head sits on an earlier block, and nothing else trains; `neighbour`: that of the next quadrant. */
  kind: 'earlierHead' | 'neighbour';
  /** That of the images; of a neighbour the next one. */
  quadrant: { data: Level; similarity: Level };
  /** Block whose output the head sits on; null for the last one. */
  headAfter: string | null;
  /** Names, input to output. */
  unfrozenBlocks: string[];
  reason: string;
}

/**
 * How a head on an earlier block is trained: on few, averaged channels it takes larger steps and more of them than on those
 * at the end, and with cached features they cost next to nothing.
 */
export const EARLIER_HEAD = { headLearningRate: 1e-2, epochs: 100, patience: 10 } as const;

/**
 * The plan that the recommended one should be compared with, where table and data leave room for one: with few and
 * dissimilar images CS231n (https://cs231n.github.io/transfer-learning/) trains a linear head on earlier features instead of
 * retraining the last blocks; in a band between two quadrants the neighbour may serve as well. Null where neither is so.
 */
export function findChallenger(
  input: AdviceInput,
  { borderline }: Pick<SimilarityJudgement, 'borderline'>,
  curve: DepthCurve | null,
): Challenger | null {
  const { data, similarity, blocks } = input;
  if (blocks.length < 2) return null;
  if (data.quadrantData === 'low' && similarity === 'low') {
    const found = earlierHead(input, curve);
    return data.tiny ? { ...found, reason: headEitherWay(found.headAfter) } : found;
  }
  if (borderline && similarity === 'high' && !data.tiny) {
    return neighbour(
      { ...input, similarity: 'low' },
      t('The similarity lies between low and high: the plan for dissimilar images may serve as well.'),
    );
  }
  if (!data.borderline) return null;
  return neighbour(
    { ...input, data: { ...data, quadrantData: 'high', band: 'high' } },
    t('The amount of data lies between low and high: the plan for more data may serve as well.'),
  );
}

/** What people know the challenger by. */
export function challengerTitle({ headAfter, quadrant }: Pick<Challenger, 'headAfter' | 'quadrant'>): string {
  return headAfter === null ? quadrantSentence(quadrant.data, quadrant.similarity) : t('Head on {0}', headAfter);
}

function neighbour(input: AdviceInput, reason: string): Challenger {
  const { unfrozenBlocks } = recommendPlan(input);
  return { kind: 'neighbour', quadrant: quadrantOf(input), headAfter: null, unfrozenBlocks, reason };
}

const quadrantOf = ({ data, similarity }: AdviceInput): Challenger['quadrant'] => ({
  data: data.quadrantData,
  similarity,
});

/** At the peak of the depth curve, or where it has none before the end, at two thirds of the blocks. */
function earlierHead(input: AdviceInput, curve: DepthCurve | null): Challenger & { headAfter: string } {
  const { blocks } = input;
  const common = { kind: 'earlierHead', quadrant: quadrantOf(input) } as const;
  const last = blocks[blocks.length - 1].name;
  const peak = curve && curve.points[curve.peak].block;
  if (peak && peak !== last) {
    const reason = hasDrop(curve)
      ? t('A head on {0}, where the features tell the classes apart best, may do without retraining anything.', peak)
      : t(
          'A head on {0}, where the features are best as far as these images show, may do without retraining anything.',
          peak,
        );
    return { ...common, headAfter: peak, unfrozenBlocks: [], reason };
  }
  const place = Math.max(1, Math.round((2 * blocks.length) / 3));
  return {
    ...common,
    headAfter: blocks[place - 1].name,
    unfrozenBlocks: [],
    reason: t(
      'A head on block {0} of {1}, whose features are less specific to the source images, may do without retraining anything.',
      formatCount(place),
      formatCount(blocks.length),
    ),
  };
}

/** With tiny data the recommended plan retrains nothing either. */
function headEitherWay(block: string): string {
  return t(
    'With so few images only a head trains in either plan: on {0}, where features are less specific to the source images, it may do better than at the end.',
    block,
  );
}
