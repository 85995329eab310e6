import type { Plan, PlanBlock } from '../plan.ts';
import type { FreezeTarget } from '../planEdits.ts';
import { isLayerFrozen, planBlockOf } from '../trainableLayers.ts';
import { type BackboneBlock, isFrozen, isUniform, isUnused } from './backbone.ts';
import { dropPhaseRate, fillRates } from './rates.ts';

/**
 * Freezes or thaws blocks and layers in `draft`, together with the phases: what thaws trains in the last phase, and no
 * phase names what is frozen. What the backbone does not have is left out.
 */
export function setFrozen(
  draft: Plan,
  backbone: readonly BackboneBlock[],
  targets: readonly FreezeTarget[],
  frozen: boolean,
): void {
  const touched = backbone.filter((block) => targets.some((target) => concerns(target, block)));
  const before = touched.map((block) => ({ entry: planBlockOf(draft, block.name), unused: isUnused(draft, block) }));
  for (const block of touched) {
    const own = targets.filter((target) => target.block === block.name);
    const layers = own.flatMap((target) => target.layer ?? []);
    if (layers.length < own.length) setBlock(draft, block, frozen);
    else setLayers(draft, block, new Set(layers), frozen);
  }
  dropFrozen(draft, touched);
  if (frozen) return;
  trainInLastPhase(draft, backbone, touched);
  const thawed = touched.filter(
    (block, index) => before[index].unused || planBlockOf(draft, block.name) !== before[index].entry,
  );
  fillRates(draft, backbone, thawed);
}

/** A layer without weights has nothing to freeze. */
function concerns({ block, layer }: FreezeTarget, { name, layers }: BackboneBlock): boolean {
  return block === name && (layer === undefined || layers.includes(layer));
}

/** The whole block: single layers no longer differ. One that is in that state already keeps the rates of its layers. */
function setBlock(draft: Plan, block: BackboneBlock, frozen: boolean): void {
  if (isUniform(draft, block, frozen)) return;
  draft.blocks[block.name] = withRate(frozen, planBlockOf(draft, block.name)?.learningRate);
}

function setLayers(draft: Plan, block: BackboneBlock, layers: ReadonlySet<string>, frozen: boolean): void {
  const entry = planBlockOf(draft, block.name) ?? { frozen: true };
  // A block that no phase names looks frozen: thawing one of its layers must not thaw the others.
  const unused = isUnused(draft, block);
  const before = new Map(block.layers.map((layer) => [layer, isLayerFrozen(entry, layer)]));
  const after = new Map(
    [...before].map(([layer, was]) => [layer, layers.has(layer) ? frozen : (unused && !frozen) || was]),
  );
  if ([...after].every(([layer, state]) => before.get(layer) === state)) return;
  draft.blocks[block.name] = blockWith(entry, after, unused && !frozen);
}

/** An entry that says the given states in the fewest words: the block's own `frozen` where all layers agree. */
function blockWith(entry: PlanBlock, states: ReadonlyMap<string, boolean>, otherwise: boolean): PlanBlock {
  const values = [...new Set(states.values())];
  const frozen = values.length === 1 ? values[0] : entry.frozen || otherwise;
  const layers: NonNullable<PlanBlock['layers']> = {};
  for (const layer of new Set([...Object.keys(entry.layers ?? {}), ...states.keys()])) {
    const state = states.get(layer) ?? (values.length === 1 ? frozen : isLayerFrozen(entry, layer));
    const rate = states.has(layer) ? layerRateOf(entry, layer) : undefined;
    if (state !== frozen || rate !== undefined) layers[layer] = withRate(state, rate);
  }
  return { ...withRate(frozen, entry.learningRate), ...(Object.keys(layers).length > 0 ? { layers } : {}) };
}

function layerRateOf(entry: PlanBlock, layer: string): number | undefined {
  return entry.layers && Object.hasOwn(entry.layers, layer) ? entry.layers[layer].learningRate : undefined;
}

function withRate(frozen: boolean, learningRate: number | undefined): { frozen: boolean; learningRate?: number } {
  return learningRate === undefined ? { frozen } : { frozen, learningRate };
}

/** A frozen block in a phase is an error, and so is a rate for it. */
function dropFrozen(draft: Plan, touched: readonly BackboneBlock[]): void {
  const frozen = new Set(touched.filter((block) => isFrozen(draft, block)).map((block) => block.name));
  for (const phase of draft.phases) {
    phase.unfreeze = phase.unfreeze?.filter((name) => !frozen.has(name));
    for (const name of frozen) dropPhaseRate(phase, name);
  }
}

function trainInLastPhase(draft: Plan, backbone: readonly BackboneBlock[], touched: readonly BackboneBlock[]): void {
  const last = draft.phases[draft.phases.length - 1];
  const { unfreeze } = last;
  if (!unfreeze) return;
  const added = touched.filter((block) => !isFrozen(draft, block) && !unfreeze.includes(block.name));
  if (added.length === 0) return;
  const names = new Set([...unfreeze, ...added.map((block) => block.name)]);
  const ordered = backbone.map((block) => block.name).filter((name) => names.has(name));
  last.unfreeze = [...new Set([...ordered, ...names])];
}
