import { t } from '@vscode/l10n';
import { formatRate } from './formatRate.ts';
import type { Plan } from './plan.ts';
import type { PlanBlockView, PlanLayer, PlanNetwork } from './planView.ts';
import { blockRate, headRate, isLayerFrozen, planBlockOf, trainsIn } from './trainableLayers.ts';

/** What a row of the network list says about training; `noWeights` has nothing that could be frozen. */
export type RowState = 'frozen' | 'trains' | 'mixed' | 'noWeights';

/** One row of the network list, from input to head. */
export interface NetworkRow {
  kind: 'foldedRange' | 'block' | 'layer' | 'head';
  /** The same from one call to the next, and unlike any other row's. */
  id: string;
  /** `input to block_12` of a range. */
  name: string;
  /** Blocks the row stands for: of a layer the one it is in, of the head none. */
  blocks: string[];
  /** Depth in the list: 1 for what is always shown. */
  level: number;
  /** Null where the row does not open. */
  open: boolean | null;
  /** What to add to or take from `expanded` to open or close the row. */
  expandKeys: string[];
  /** Class name of a layer. */
  type: string | null;
  /** Of a layer itself, else of the last layer; without the batch dimension. */
  outputShape: (number | null)[];
  state: RowState;
  parameters: number;
  /** Parameters that would change if all of the row were unfrozen, under the plan's batch normalization policy. */
  learnable: number;
  /** In the last phase the row trains in; null where it does not train. */
  learningRate: number | null;
  /** Names of the phases it trains in. */
  inPhases: string[];
  /** ||w - w0|| / ||w0|| since the start of the run; null where it is not known. */
  movement: number | null;
  /** Why its rate is unwise. */
  warning: string | null;
}

export interface RowOptions {
  /** `expandKeys` of the rows that are open. */
  expanded: ReadonlySet<string>;
  /** By block, and `head`. */
  movement?: Readonly<Record<string, number>>;
}

/** The rows of the network list. Two and more neighbouring frozen blocks fold into one row. */
export function networkRows(plan: Plan, network: PlanNetwork, options: RowOptions): NetworkRow[] {
  const describe = blockDescriber(plan, options);
  const rows: NetworkRow[] = [];
  let range: NetworkRow[] = [];
  const endRange = (): void => {
    if (range.length > 1) rows.push(foldRange(range, range[0].name === network.blocks[0].name, options));
    const level = range.length > 1 ? 2 : 1;
    const hidden = range.length > 1 && rows[rows.length - 1].open === false;
    if (!hidden) for (const row of range) rows.push({ ...row, level }, ...layersOf(row, level));
    range = [];
  };
  const views = new Map(network.blocks.map((block) => [block.name, block]));
  const layersOf = (row: NetworkRow, level: number): NetworkRow[] => {
    const block = views.get(row.name);
    return row.open && block ? layerRows(plan, block, row, level + 1) : [];
  };
  for (const block of network.blocks) {
    const row = describe(block);
    if (row.state === 'frozen') {
      range.push(row);
    } else {
      endRange();
      rows.push(row, ...layersOf(row, 1));
    }
  }
  endRange();
  return [...rows, headRow(plan, network, options)];
}

/**
 * Parameters that change in some phase of the plan, head included, and all of them. Moving statistics never count as
 * trainable, and normalization layers not at all under the policy `locked`.
 */
export function parameterCounts(plan: Plan, network: PlanNetwork): { trainable: number; total: number } {
  let trainable = learnableOf(plan, network.head);
  const used = usedBlocks(plan);
  for (const block of network.blocks) {
    const entry = planBlockOf(plan, block.name);
    if (!entry || !used(block.name)) continue;
    const layers = block.layers.filter((layer) => !isLayerFrozen(entry, layer.name));
    trainable += learnableOf(plan, layers);
  }
  return { trainable, total: network.totalParameters };
}

/**
 * The reason against a pretrained block that learns faster than the head in a phase it trains in; null where there is
 * none. Pretrained weights are near a good place, the head's are random (ULMFiT, arXiv 1801.06146; arXiv 2202.10054).
 */
export function rateWarning(plan: Plan, block: string): string | null {
  const entry = planBlockOf(plan, block);
  if (!entry || plan.weights === 'random') return null;
  const layers = Object.values(entry.layers ?? {}).filter((layer) => !layer.frozen);
  if (entry.frozen && layers.length === 0) return null;
  const own = layers.flatMap((layer) => layer.learningRate ?? []);
  for (let phase = plan.phases.length - 1; phase >= 0; phase--) {
    if (!trainsIn(plan.phases[phase], block)) continue;
    const head = headRate(plan, phase);
    const inherits = !entry.frozen || own.length < layers.length;
    const rate = Math.max(...own, ...(inherits ? [blockRate(plan, phase, block)] : []));
    if (rate > head) {
      return t(
        '{0} learns at {1} in phase "{2}", faster than the head at {3}: large steps undo what pretrained weights know while the new head is still random.',
        block,
        formatRate(rate),
        plan.phases[phase].name,
        formatRate(head),
      );
    }
  }
  return null;
}

function blockDescriber(plan: Plan, options: RowOptions): (block: PlanBlockView) => NetworkRow {
  const phases = plan.phases.map(({ name, unfreeze }) => ({ name, blocks: unfreeze && new Set(unfreeze) }));
  return (block) => {
    const { name, layers } = block;
    const named = phases.flatMap((phase, index) => (!phase.blocks || phase.blocks.has(name) ? [index] : []));
    const state = blockState(plan, block, named.length > 0);
    const indexes = state === 'trains' || state === 'mixed' ? named : [];
    const last = indexes.at(-1);
    const key = `block:${name}`;
    return {
      kind: 'block',
      id: key,
      name,
      blocks: [name],
      level: 1,
      open: options.expanded.has(key),
      expandKeys: [key],
      type: null,
      outputShape: layers.at(-1)?.outputShape ?? [],
      state,
      parameters: sum(layers, (layer) => layer.parameters),
      learnable: learnableOf(plan, layers),
      learningRate: last === undefined ? null : blockRate(plan, last, name),
      inPhases: indexes.map((index) => phases[index].name),
      movement: movementOf(options, name),
      warning: last === undefined ? null : rateWarning(plan, name),
    };
  };
}

function blockState(plan: Plan, { name, layers }: PlanBlockView, used: boolean): RowState {
  const weighted = layers.filter((layer) => layer.parameters > 0);
  if (weighted.length === 0) return 'noWeights';
  const entry = planBlockOf(plan, name);
  const frozen = used ? weighted.filter((layer) => isLayerFrozen(entry, layer.name)).length : weighted.length;
  if (frozen === weighted.length) return 'frozen';
  return frozen === 0 ? 'trains' : 'mixed';
}

function layerRows(plan: Plan, block: PlanBlockView, parent: NetworkRow, level: number): NetworkRow[] {
  const entry = planBlockOf(plan, block.name);
  const own = new Map(Object.entries(entry?.layers ?? {}));
  return block.layers.map((layer): NetworkRow => {
    const trains = parent.inPhases.length > 0 && layer.parameters > 0 && !isLayerFrozen(entry, layer.name);
    return {
      kind: 'layer',
      id: `layer:${block.name}/${layer.name}`,
      name: layer.name,
      blocks: [block.name],
      level,
      open: null,
      expandKeys: [],
      type: layer.type,
      outputShape: layer.outputShape,
      state: layer.parameters === 0 ? 'noWeights' : trains ? 'trains' : 'frozen',
      parameters: layer.parameters,
      learnable: learnableOf(plan, [layer]),
      learningRate: trains ? (own.get(layer.name)?.learningRate ?? parent.learningRate) : null,
      inPhases: trains ? parent.inPhases : [],
      movement: null,
      warning: null,
    };
  });
}

function foldRange(range: readonly NetworkRow[], fromInput: boolean, { expanded }: RowOptions): NetworkRow {
  const [first, last] = [range[0], range[range.length - 1]];
  const blocks = range.map((row) => row.name);
  // A key for each block: a range that is open stays open when it is divided or grows.
  const expandKeys = blocks.map((block) => `range:${block}`);
  const moved = range.flatMap((row) => row.movement ?? []);
  return {
    kind: 'foldedRange',
    id: `range:${first.name}`,
    name: fromInput ? t('input to {0}', last.name) : t('{0} to {1}', first.name, last.name),
    blocks,
    level: 1,
    open: expandKeys.some((key) => expanded.has(key)),
    expandKeys,
    type: null,
    outputShape: last.outputShape,
    state: 'frozen',
    parameters: sum(range, (row) => row.parameters),
    learnable: sum(range, (row) => row.learnable),
    learningRate: null,
    inPhases: [],
    movement: moved.length === 0 ? null : Math.max(...moved),
    warning: null,
  };
}

function headRow(plan: Plan, { head }: PlanNetwork, options: RowOptions): NetworkRow {
  return {
    kind: 'head',
    id: 'head',
    name: t('head'),
    blocks: [],
    level: 1,
    open: null,
    expandKeys: [],
    type: null,
    outputShape: head.at(-1)?.outputShape ?? [],
    state: 'trains',
    parameters: sum(head, (layer) => layer.parameters),
    learnable: learnableOf(plan, head),
    learningRate: headRate(plan, plan.phases.length - 1),
    inPhases: plan.phases.map((phase) => phase.name),
    movement: movementOf(options, 'head'),
    warning: null,
  };
}

/** Whether any phase names a block; a phase without `unfreeze` names them all. */
function usedBlocks(plan: Plan): (block: string) => boolean {
  if (plan.phases.some((phase) => phase.unfreeze === undefined)) return () => true;
  const named = new Set(plan.phases.flatMap((phase) => phase.unfreeze ?? []));
  return (block) => named.has(block);
}

function learnableOf(plan: Plan, layers: readonly PlanLayer[]): number {
  return sum(layers, (layer) => (plan.batchNorm === 'locked' && layer.normalization ? 0 : layer.learnable));
}

function movementOf({ movement = {} }: RowOptions, name: string): number | null {
  return Object.hasOwn(movement, name) ? movement[name] : null;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
