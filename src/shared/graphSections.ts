import type { GraphNode, NetworkGraph } from './network.ts';

/**
 * Neighbouring nodes that cannot be told apart by cutting the network in two: a single layer of a linear run, or all
 * branches from a fork to their join. Exactly one tensor leaves a section, and it enters the next.
 */
export interface Section {
  /** Indexes of the first and last node. */
  first: number;
  last: number;
}

/**
 * The sections of a network, input to output. Nodes are in topological order, so a cut after node `i` is crossed by every
 * tensor made at or before `i` and used after it; where that is one tensor, a section ends. All uses of a shared layer
 * are in one section: it can only be frozen as a whole.
 */
export function findSections(graph: NetworkGraph): Section[] {
  const count = graph.nodes.length;
  const lastUse = lastUses(graph);
  const reachOfLayer = lastCallOfEachLayer(graph.nodes);
  // A second input further on would cross the cut as well, only from outside.
  const lastSource = graph.nodes.findLastIndex((node) => node.inputs.length === 0);
  const sections: Section[] = [];
  let first = 0;
  let sharedUntil = -1;
  let alive = new Set<number>();
  for (let node = 0; node < count; node++) {
    sharedUntil = Math.max(sharedUntil, reachOfLayer.get(graph.nodes[node].layer) ?? node);
    alive = new Set([...alive, node].filter((tensor) => lastUse[tensor] > node));
    const isLast = node === count - 1;
    if (isLast || (alive.size === 1 && sharedUntil <= node && lastSource <= node)) {
      sections.push({ first, last: node });
      first = node + 1;
    }
  }
  return sections;
}

/** Whether the section is a gate: branches multiplied with the very tensor they fork from (squeeze-and-excite, swish). */
export function isGate(graph: NetworkGraph, section: Section): boolean {
  const join = graph.nodes[section.last];
  return join.type === 'Multiply' && join.inputs.length > 1 && join.inputs.some((input) => input < section.first);
}

/** For each node, the index of the last node that takes its output; its own index if none does. */
function lastUses(graph: NetworkGraph): number[] {
  const last = graph.nodes.map((_, index) => index);
  for (const [index, node] of graph.nodes.entries()) {
    for (const input of node.inputs) last[input] = Math.max(last[input], index);
  }
  return last;
}

function lastCallOfEachLayer(nodes: readonly GraphNode[]): Map<string, number> {
  return new Map(nodes.map((node, index) => [node.layer, index]));
}
