import { geometricRates, readableRate } from '../learningRates.ts';
import { DEFAULT_BLOCK_RATE_SHARE, type Plan } from '../plan.ts';
import { headRate, isLayerFrozen, planBlockOf } from '../trainableLayers.ts';
import { type BackboneBlock, isFrozen } from './backbone.ts';

/**
 * Gives blocks that have just thawed a rate where they have none: between two blocks with rates on the geometric line
 * from one to the other, beside one the same as it, else a tenth of the head's; never more than the head's.
 */
export function fillRates(draft: Plan, backbone: readonly BackboneBlock[], thawed: readonly BackboneBlock[]): void {
  const known = backbone.map((block) =>
    isFrozen(draft, block) ? undefined : planBlockOf(draft, block.name)?.learningRate,
  );
  const head = headRate(draft, draft.phases.length - 1);
  for (const block of thawed) {
    const entry = planBlockOf(draft, block.name);
    if (!entry || entry.learningRate !== undefined || isFrozen(draft, block)) continue;
    const rate = rateBeside(known, backbone.indexOf(block)) ?? head * DEFAULT_BLOCK_RATE_SHARE;
    entry.learningRate = readableRate(Math.min(rate, head));
  }
}

function rateBeside(known: readonly (number | undefined)[], index: number): number | undefined {
  const has = (rate: number | undefined): boolean => rate !== undefined;
  const below = known.slice(0, index).findLastIndex(has);
  const distance = known.slice(index + 1).findIndex(has);
  const above = distance < 0 ? -1 : index + 1 + distance;
  const [low, high] = [known.at(below), known.at(above)];
  if (below < 0 || low === undefined) return above < 0 ? undefined : high;
  if (above < 0 || high === undefined) return low;
  return geometricRates(low, high, above - below + 1)[index - below];
}

/** The rate of a block, in the last phase too: that phase's own rate for it would hide the new one. */
export function setBlockRate(draft: Plan, backbone: readonly BackboneBlock[], block: string, rate: number): void {
  if (!backbone.some(({ name }) => name === block)) return;
  const { frozen, layers } = planBlockOf(draft, block) ?? { frozen: true };
  draft.blocks[block] = { frozen, learningRate: rate, ...(layers ? { layers } : {}) };
  dropPhaseRate(draft.phases[draft.phases.length - 1], block);
}

/** Takes a phase's own rate for a block away. */
export function dropPhaseRate(phase: Plan['phases'][number], block: string): void {
  if (!phase.learningRates || !Object.hasOwn(phase.learningRates, block)) return;
  const rest = Object.entries(phase.learningRates).filter(([name]) => name !== block);
  phase.learningRates = rest.length > 0 ? Object.fromEntries(rest) : undefined;
}

/** A layer's own rate; null gives it its block's again. */
export function setLayerRate(
  draft: Plan,
  backbone: readonly BackboneBlock[],
  target: { block: string; layer: string },
  rate: number | null,
): void {
  const { block, layer } = target;
  if (!backbone.some(({ name, layers }) => name === block && layers.includes(layer))) return;
  const entry = planBlockOf(draft, block) ?? { frozen: true };
  const frozen = isLayerFrozen(entry, layer);
  const layers = new Map(Object.entries(entry.layers ?? {}));
  if (rate !== null) layers.set(layer, { frozen, learningRate: rate });
  else if (layers.has(layer)) layers.set(layer, { frozen });
  else return;
  if (rate === null && frozen === entry.frozen) layers.delete(layer);
  draft.blocks[block] = { ...entry, layers: layers.size > 0 ? Object.fromEntries(layers) : undefined };
}

/** The head's rate, in the last phase too; other phases keep their own. */
export function setHeadRate(draft: Plan, rate: number): void {
  draft.optimizer.headLearningRate = rate;
  draft.phases[draft.phases.length - 1].headLearningRate = undefined;
}

/** Rates from the first unfrozen block to the last, each the same multiple of the one before. */
export function spreadRates(draft: Plan, backbone: readonly BackboneBlock[], low: number, high: number): void {
  const unfrozen = backbone.filter((block) => !isFrozen(draft, block));
  const rates = geometricRates(low, high, unfrozen.length);
  unfrozen.forEach((block, index) => setBlockRate(draft, backbone, block.name, readableRate(rates[index])));
}
