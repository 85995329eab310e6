import type { Plan } from '../plan.ts';
import type { FreezeTarget, PlanEdit } from '../planEdits.ts';
import type { PlanNetwork } from '../planView.ts';
import { isLayerFrozen, planBlockOf, trainsIn } from '../trainableLayers.ts';

/** A block and those of its layers that decide whether it is frozen: the ones with weights, or all where none has any. */
export interface BackboneBlock {
  name: string;
  layers: readonly string[];
}

/** Stands for the layers of a block that the plan does not name, while the network is not known; no layer is called so. */
const OTHER_LAYERS = '';

/** The blocks a plan may unfreeze, input to output. Without the network they are those that plan and edit name. */
export function backboneOf(plan: Plan, network: PlanNetwork | null, edit: PlanEdit): BackboneBlock[] {
  if (network) {
    return network.blocks.map(({ name, layers }) => {
      const weighted = layers.filter((layer) => layer.parameters > 0);
      return { name, layers: (weighted.length > 0 ? weighted : layers).map((layer) => layer.name) };
    });
  }
  const targets = targetsOf(edit);
  const names = new Set([...Object.keys(plan.blocks), ...targets.map((target) => target.block)]);
  return [...names].map((name) => {
    const layers = targets.flatMap((target) =>
      target.block === name && target.layer !== undefined ? [target.layer] : [],
    );
    return {
      name,
      layers: [...new Set([OTHER_LAYERS, ...Object.keys(planBlockOf(plan, name)?.layers ?? {}), ...layers])],
    };
  });
}

function targetsOf(edit: PlanEdit): readonly FreezeTarget[] {
  if (edit.kind === 'freeze') return edit.targets;
  return edit.kind === 'blockRate' || edit.kind === 'layerRate' ? [edit] : [];
}

/** Whether no layer of the block could train in any phase as far as `blocks` says, as `checkPlan` sees it. */
export function isFrozen(plan: Plan, block: BackboneBlock): boolean {
  return isUniform(plan, block, true);
}

/** Whether all layers that count are frozen, or none is. */
export function isUniform(plan: Plan, block: BackboneBlock, frozen: boolean): boolean {
  const entry = planBlockOf(plan, block.name);
  return block.layers.every((layer) => isLayerFrozen(entry, layer) === frozen);
}

/** Whether no phase names the block, so that it stays as it is even where it is not frozen. */
export function isUnused(plan: Plan, block: BackboneBlock): boolean {
  return plan.phases.every((phase) => !trainsIn(phase, block.name));
}
