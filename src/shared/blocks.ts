import { nameBlocks } from './blockNames.ts';
import { findSections, isGate, type Section } from './graphSections.ts';
import type { Block, GraphNode, NetworkGraph } from './network.ts';

/** Layers that have weights but belong to the layer before them. */
const FOLLOWERS = new Set([
  'BatchNormalization',
  'LayerNormalization',
  'GroupNormalization',
  'UnitNormalization',
  'Normalization',
  'PReLU',
]);

/**
 * What the first layer of a unit makes of it:
 * - `plain`: a convolution, which merges with others of its stage;
 * - `pointwise`: a plain 1x1 convolution of stride 1, which a depthwise neighbour may claim;
 * - `depthwise`: a depthwise convolution, which claims its pointwise neighbours;
 * - `whole`: anything else (branches, dense layers, claimed pairs), which stays as it is.
 */
type UnitKind = 'plain' | 'pointwise' | 'depthwise' | 'whole';

/** Sections that belong together: one section that starts the unit and those that follow it. */
interface Unit {
  kind: UnitKind;
  sections: Section[];
  /** Node the unit started with. */
  start: GraphNode;
  /** Whether the unit ends a stage by pooling. */
  pools: boolean;
}

/**
 * Divides a network into blocks, by its structure alone: names of layers only label the result. Between two blocks
 * exactly one tensor passes; each layer is in one block; each block has weights if the network has any.
 *
 * Branches stay whole from fork to join (residual blocks, inception modules), a gate (squeeze-and-excite) belongs to what
 * it gates, a depthwise convolution to its pointwise neighbours (inverted residuals without a shortcut, MobileNet v1
 * pairs), and convolutions of one resolution up to their pooling form a stage (VGG). Dense layers stand alone.
 */
export function findBlocks(graph: NetworkGraph): Block[] {
  if (graph.nodes.length === 0) return [];
  const units = mergeStages(mergeDepthwise(splitUnits(graph)));
  const names = nameBlocks(
    units.map((unit) => {
      const layers = layersOf(graph, unit.sections, (node) => node.parameters > 0);
      return { weightedLayers: layers.length > 0 ? layers : layersOf(graph, unit.sections), join: joinOf(graph, unit) };
    }),
  );
  return units.map((unit, index) => ({ name: names[index], layers: layersOf(graph, unit.sections) }));
}

/**
 * The blocks of the beginning of a network by their names in the whole of it, since a name may follow from all blocks
 * together. Blocks that are not each in another block of the whole, as behind a cut within one, keep their names.
 */
export function namedAsIn(whole: readonly Block[], blocks: readonly Block[]): Block[] {
  const owners = new Map(whole.flatMap(({ name, layers }) => layers.map((layer) => [layer, name] as const)));
  const names = blocks.map(({ name, layers }) => owners.get(layers[0]) ?? name);
  if (new Set(names).size < names.length) return [...blocks];
  return blocks.map((block, index) => ({ ...block, name: names[index] }));
}

/** Number of weights in a block, a shared layer counted once. */
export function countBlockParameters(graph: NetworkGraph, block: Block): number {
  const parameters = new Map(graph.nodes.map((node) => [node.layer, node.parameters]));
  return block.layers.reduce((sum, layer) => sum + (parameters.get(layer) ?? 0), 0);
}

/** One unit per section that has weights of its own; the other sections follow the one before them. */
function splitUnits(graph: NetworkGraph): Unit[] {
  const units: Unit[] = [];
  let waiting: Section[] = [];
  const sections = findSections(graph);
  for (const [index, section] of sections.entries()) {
    if (startsUnit(graph, section)) {
      units.push({ ...describeStart(graph, section), sections: [...waiting, section] });
      waiting = [];
    } else if (units.length === 0 || padsForNext(graph, sections, index)) {
      waiting.push(section);
    } else {
      const unit = units[units.length - 1];
      unit.sections.push(...waiting, section);
      unit.pools ||= isPooling(graph.nodes[section.last]);
      waiting = [];
    }
  }
  if (units.length > 0) units[units.length - 1].sections.push(...waiting);
  else units.push({ kind: 'whole', sections: waiting, start: graph.nodes[0], pools: false });
  return units;
}

function startsUnit(graph: NetworkGraph, section: Section): boolean {
  const nodes = graph.nodes.slice(section.first, section.last + 1);
  if (isGate(graph, section)) return false;
  return nodes.some((node) => node.parameters > 0 && !FOLLOWERS.has(node.type));
}

function describeStart(graph: NetworkGraph, section: Section): Omit<Unit, 'sections'> {
  const start = graph.nodes[section.last];
  return { start, pools: false, kind: section.first === section.last ? kindOf(start) : 'whole' };
}

function kindOf(node: GraphNode): UnitKind {
  if (node.type.startsWith('DepthwiseConv')) return 'depthwise';
  if (!isConvolution(node)) return 'whole';
  const pointwise = node.type.startsWith('Conv') && isOnes(node.kernelSize) && !isStrided(node);
  return pointwise ? 'pointwise' : 'plain';
}

/** Padding right before a convolution (other than branches) is a part of that convolution. */
function padsForNext(graph: NetworkGraph, sections: Section[], index: number): boolean {
  let next = index;
  while (next < sections.length && isSingle(sections[next]) && isPadding(graph.nodes[sections[next].last])) next++;
  if (next === index || next === sections.length) return false;
  const node = graph.nodes[sections[next].last];
  return isSingle(sections[next]) && (isConvolution(node) || node.type.startsWith('DepthwiseConv'));
}

/** Joins depthwise convolutions with their pointwise neighbours, first come first served. */
function mergeDepthwise(units: Unit[]): Unit[] {
  const merged: Unit[] = [];
  for (let index = 0; index < units.length; index++) {
    let unit = units[index];
    if (unit.kind !== 'depthwise') {
      merged.push(unit);
      continue;
    }
    const before = merged.at(-1);
    if (before?.kind === 'pointwise' && !before.pools) {
      merged.pop();
      unit = join(before, unit, 'whole');
    }
    const after = units.at(index + 1);
    if (after?.kind === 'pointwise' && !unit.pools) {
      unit = join(unit, after, 'whole');
      index++;
    }
    merged.push(unit);
  }
  return merged;
}

/** Joins neighbouring plain convolutions of one spatial resolution, up to and including the pooling that ends it. */
function mergeStages(units: Unit[]): Unit[] {
  const merged: Unit[] = [];
  for (const unit of units) {
    const before = merged.at(-1);
    if (before && continuesStage(before, unit)) merged[merged.length - 1] = join(before, unit, 'plain');
    else merged.push(unit);
  }
  return merged;
}

function continuesStage(before: Unit, unit: Unit): boolean {
  const isPlain = (kind: UnitKind): boolean => kind === 'plain' || kind === 'pointwise';
  if (!isPlain(before.kind) || !isPlain(unit.kind) || before.pools || isStrided(unit.start)) return false;
  return resolutionOf(before.start) === resolutionOf(unit.start);
}

function join(a: Unit, b: Unit, kind: UnitKind): Unit {
  return { kind, sections: [...a.sections, ...b.sections], start: b.start, pools: a.pools || b.pools };
}

/** Height and width as text; the last dimension is the channels. */
function resolutionOf(node: GraphNode): string {
  return node.outputShape.slice(0, -1).join('x');
}

function joinOf(graph: NetworkGraph, unit: Unit): string | undefined {
  const branches = unit.sections.find((section) => !isSingle(section) && !isGate(graph, section));
  const last = branches && graph.nodes[branches.last];
  return last && last.inputs.length > 1 ? last.layer : undefined;
}

function layersOf(graph: NetworkGraph, sections: Section[], keep: (node: GraphNode) => boolean = () => true): string[] {
  const nodes = sections.flatMap((section) => graph.nodes.slice(section.first, section.last + 1));
  return [...new Set(nodes.filter(keep).map((node) => node.layer))];
}

const isSingle = (section: Section): boolean => section.first === section.last;
const isPadding = (node: GraphNode): boolean => /^ZeroPadding\dD$/.test(node.type);
const isPooling = (node: GraphNode): boolean => /Pooling\dD$/.test(node.type);
const isConvolution = (node: GraphNode): boolean => /^(Separable)?Conv\dD(Transpose)?$/.test(node.type);
const isOnes = (sizes: number[] | undefined): boolean => sizes !== undefined && sizes.every((size) => size === 1);
const isStrided = (node: GraphNode): boolean => (node.strides ?? []).some((stride) => stride > 1);
