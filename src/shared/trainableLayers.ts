import { ThawError } from './errors.ts';
import type { Block } from './network.ts';
import { DEFAULT_BLOCK_RATE_SHARE, type Plan, type PlanBlock, type PlanPhase } from './plan.ts';

/** Learning rate of the head in a phase: the phase's own, else the optimizer's. */
export function headRate(plan: Plan, phaseIndex: number): number {
  return phaseAt(plan, phaseIndex).headLearningRate ?? plan.optimizer.headLearningRate;
}

/**
 * Learning rate of the layers of a block that name none themselves, whether or not the block trains: the phase's rate
 * for the block, else the block's, else `DEFAULT_BLOCK_RATE_SHARE` of the head's rate in this phase.
 */
export function blockRate(plan: Plan, phaseIndex: number, blockName: string): number {
  const phase = phaseAt(plan, phaseIndex);
  return (
    ownValue(phase.learningRates, blockName) ??
    ownValue(plan.blocks, blockName)?.learningRate ??
    headRate(plan, phaseIndex) * DEFAULT_BLOCK_RATE_SHARE
  );
}

/**
 * The backbone's layers that train in a phase, in network order, each with its learning rate. A layer trains when its
 * block is named in the phase's `unfreeze` (or the phase has no such key) and it is not frozen; a layer's own `frozen` and
 * `learningRate` go before its block's, both ways. Layers without weights are in the set like any other. The head is
 * not: it always trains, at `headRate`.
 */
export function trainableSet(plan: Plan, phaseIndex: number, blocks: readonly Block[]): Map<string, number> {
  const phase = phaseAt(plan, phaseIndex);
  const trainable = new Map<string, number>();
  for (const block of blocks) {
    const planBlock = ownValue(plan.blocks, block.name);
    if (!planBlock || !trainsIn(phase, block.name)) continue;
    const rate = blockRate(plan, phaseIndex, block.name);
    for (const layer of block.layers) {
      if (!isLayerFrozen(planBlock, layer))
        trainable.set(layer, ownValue(planBlock.layers, layer)?.learningRate ?? rate);
    }
  }
  return trainable;
}

/** Whether a layer of this block is kept from training by the plan, in whatever phase. */
export function isLayerFrozen(planBlock: PlanBlock | undefined, layer: string): boolean {
  return ownValue(planBlock?.layers, layer)?.frozen ?? planBlock?.frozen ?? true;
}

/** The plan's entry for a block; undefined means frozen. */
export function planBlockOf(plan: Plan, blockName: string): PlanBlock | undefined {
  return ownValue(plan.blocks, blockName);
}

/** Whether a phase lets a block train as far as `unfreeze` is concerned. */
export function trainsIn(phase: PlanPhase, blockName: string): boolean {
  return phase.unfreeze === undefined || phase.unfreeze.includes(blockName);
}

function phaseAt(plan: Plan, phaseIndex: number): PlanPhase {
  const phase = plan.phases.at(phaseIndex);
  if (!phase || phaseIndex < 0)
    throw new ThawError({ reason: 'internal', detail: `the plan has no phase ${phaseIndex}` });
  return phase;
}

/** Names of blocks come from models, so one may well be called "constructor". */
function ownValue<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}
