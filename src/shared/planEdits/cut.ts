import type { Plan } from '../plan.ts';
import type { PlanNetwork } from '../planView.ts';
import { dropPhaseRate } from './rates.ts';

/**
 * Puts the head on the output of a block: what lies behind it leaves the network, and with it the plan. The last block, and
 * one that the network does not have, change nothing.
 */
export function cutAfter(draft: Plan, network: PlanNetwork, block: string): void {
  const place = network.blocks.findIndex(({ name }) => name === block);
  const last = network.blocks.length - 1;
  const output = network.blocks.at(place)?.layers.at(-1)?.name;
  if (place < 0 || place === last || output === undefined) return;
  draft.head.after = output;
  const gone = new Set(network.blocks.slice(place + 1).map(({ name }) => name));
  draft.blocks = Object.fromEntries(Object.entries(draft.blocks).filter(([name]) => !gone.has(name)));
  for (const phase of draft.phases) {
    phase.unfreeze = phase.unfreeze?.filter((name) => !gone.has(name));
    for (const name of gone) dropPhaseRate(phase, name);
  }
}

/** The network with its head on a block; the whole one where it has no such block. */
export function networkUpTo(network: PlanNetwork, block: string): PlanNetwork {
  const end = network.blocks.findIndex(({ name }) => name === block) + 1;
  return end === 0 ? network : { ...network, blocks: network.blocks.slice(0, end) };
}
