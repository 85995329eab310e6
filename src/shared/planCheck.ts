import type { PlanProblem } from './errors.ts';
import { nearestName } from './nearestName.ts';
import type { Block } from './network.ts';
import type { Plan } from './plan.ts';
import { isLayerFrozen, planBlockOf, trainsIn } from './trainableLayers.ts';

/** The network a plan is checked against. `layers` are all of its layers, `blocks` the ones a plan may unfreeze. */
export interface PlanContext {
  blocks: readonly Block[];
  layers: readonly { name: string; weighted: boolean }[];
}

type Path = (string | number)[];
type Report = (path: Path, problem: string, nearest?: string) => void;

/**
 * What the schema cannot see: whether the names in a plan exist in its network and agree with each other. `locate` gives
 * the line (1-based) of a path, as `planLocator` does. A plan without faults gives an empty list.
 */
export function checkPlan(plan: Plan, context: PlanContext, locate: (path: Path) => number): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const report: Report = (path, problem, nearest) => {
    problems.push({ path: path.join('.'), line: locate(path), problem, ...(nearest === undefined ? {} : { nearest }) });
  };
  checkHead(plan, context, report);
  checkBlocks(plan, context, report);
  checkPhases(plan, context, report);
  checkClassWeights(plan, report);
  return problems.sort((a, b) => a.line - b.line);
}

function checkHead(plan: Plan, context: PlanContext, report: Report): void {
  const { after, classes } = plan.head;
  const names = context.layers.map((layer) => layer.name);
  if (after !== undefined && !names.includes(after)) {
    report(['head', 'after'], `The network has no layer "${after}" for the head to sit on.`, nearestName(after, names));
  }
  const seen = new Set<string>();
  for (const [index, name] of classes.entries()) {
    if (seen.has(name)) report(['head', 'classes', index], `Class "${name}" is listed twice.`);
    seen.add(name);
  }
}

function checkBlocks(plan: Plan, context: PlanContext, report: Report): void {
  for (const [name, planBlock] of Object.entries(plan.blocks)) {
    const block = context.blocks.find((candidate) => candidate.name === name);
    if (!block) {
      reportUnknownBlock(['blocks', name], name, context, report);
      continue;
    }
    for (const layer of Object.keys(planBlock.layers ?? {})) {
      if (!block.layers.includes(layer)) reportForeignLayer(name, layer, block, context, report);
    }
  }
}

function reportUnknownBlock(path: Path, name: string, context: PlanContext, report: Report): void {
  if (name === 'head') {
    const problem =
      'The head is not a block: it always trains, at optimizer.headLearningRate or the headLearningRate of a phase.';
    report(path, problem);
    return;
  }
  const names = context.blocks.map((block) => block.name);
  report(path, `The network has no block "${name}".`, nearestName(name, names));
}

function reportForeignLayer(name: string, layer: string, block: Block, context: PlanContext, report: Report): void {
  const owner = context.blocks.find((candidate) => candidate.layers.includes(layer));
  const problem = owner
    ? `Layer "${layer}" belongs to block "${owner.name}", not to "${name}".`
    : `Block "${name}" has no layer "${layer}".`;
  report(['blocks', name, 'layers', layer], problem, nearestName(layer, block.layers));
}

function checkPhases(plan: Plan, context: PlanContext, report: Report): void {
  const names = context.blocks.map((block) => block.name);
  const unfrozen = names.filter((name) => !isBlockFrozen(plan, name, context));
  for (const [index, phase] of plan.phases.entries()) {
    const seen = new Set<string>();
    for (const [position, name] of (phase.unfreeze ?? []).entries()) {
      const path = ['phases', index, 'unfreeze', position];
      if (seen.has(name)) report(path, `Block "${name}" is listed twice in phase "${phase.name}".`);
      else if (!names.includes(name)) reportUnknownBlock(path, name, context, report);
      else if (!unfrozen.includes(name)) {
        const problem = `Block "${name}" is frozen, so phase "${phase.name}" cannot train it; set "frozen" to false in blocks.${name} or remove it here.`;
        report(
          path,
          problem,
          nearestName(
            name,
            unfrozen.filter((other) => !phase.unfreeze?.includes(other)),
          ),
        );
      }
      seen.add(name);
    }
    for (const name of Object.keys(phase.learningRates ?? {})) {
      const path = ['phases', index, 'learningRates', name];
      if (!names.includes(name)) reportUnknownBlock(path, name, context, report);
      else if (!unfrozen.includes(name)) {
        report(
          path,
          `Block "${name}" is frozen, so a learning rate for it in phase "${phase.name}" does nothing; remove it.`,
        );
      } else if (!trainsIn(phase, name)) {
        const problem = `Phase "${phase.name}" does not unfreeze block "${name}", so a learning rate for it does nothing; remove it or add the block to "unfreeze".`;
        report(path, problem);
      }
    }
  }
}

/** Frozen means that no layer with weights could ever train; a weightless layer marked unfrozen changes nothing. */
function isBlockFrozen(plan: Plan, name: string, context: PlanContext): boolean {
  const planBlock = planBlockOf(plan, name);
  if (!planBlock) return true;
  const weighted = new Set(context.layers.filter((layer) => layer.weighted).map((layer) => layer.name));
  const layers = context.blocks.find((block) => block.name === name)?.layers ?? [];
  const relevant = layers.some((layer) => weighted.has(layer)) ? layers.filter((layer) => weighted.has(layer)) : layers;
  return relevant.every((layer) => isLayerFrozen(planBlock, layer));
}

function checkClassWeights(plan: Plan, report: Report): void {
  if (typeof plan.classWeights === 'string') return;
  const { classes } = plan.head;
  const weighted = Object.keys(plan.classWeights);
  for (const name of weighted.filter((candidate) => !classes.includes(candidate))) {
    report(['classWeights', name], `head.classes has no class "${name}".`, nearestName(name, classes));
  }
  for (const name of new Set(classes.filter((candidate) => !weighted.includes(candidate)))) {
    report(['classWeights'], `classWeights has no weight for class "${name}".`);
  }
}
