import { t } from '@vscode/l10n';
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
    const problem = t('The network has no layer "{0}" for the head to sit on.', after);
    report(['head', 'after'], problem, nearestName(after, names));
  }
  const seen = new Set<string>();
  for (const [index, name] of classes.entries()) {
    if (seen.has(name)) report(['head', 'classes', index], t('Class "{0}" is listed twice.', name));
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
    const problem = t(
      'The head is not a block: it always trains, at optimizer.headLearningRate or the headLearningRate of a phase.',
    );
    report(path, problem);
    return;
  }
  const names = context.blocks.map((block) => block.name);
  report(path, t('The network has no block "{0}".', name), nearestName(name, names));
}

function reportForeignLayer(name: string, layer: string, block: Block, context: PlanContext, report: Report): void {
  const owner = context.blocks.find((candidate) => candidate.layers.includes(layer));
  const problem = owner
    ? t('Layer "{0}" belongs to block "{1}", not to "{2}".', layer, owner.name, name)
    : t('Block "{0}" has no layer "{1}".', name, layer);
  report(['blocks', name, 'layers', layer], problem, nearestName(layer, block.layers));
}

function checkPhases(plan: Plan, context: PlanContext, report: Report): void {
  const names = context.blocks.map((block) => block.name);
  const unfrozen = names.filter((name) => !isBlockFrozen(plan, name, context));
  for (const [index, phase] of plan.phases.entries()) {
    const seen = new Set<string>();
    for (const [position, name] of (phase.unfreeze ?? []).entries()) {
      const path = ['phases', index, 'unfreeze', position];
      if (seen.has(name)) report(path, t('Block "{0}" is listed twice in phase "{1}".', name, phase.name));
      else if (!names.includes(name)) reportUnknownBlock(path, name, context, report);
      else if (!unfrozen.includes(name)) {
        const problem = t(
          'Block "{0}" is frozen, so phase "{1}" cannot train it; set "frozen" to false in blocks.{0} or remove it here.',
          name,
          phase.name,
        );
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
        const problem = t(
          'Block "{0}" is frozen, so a learning rate for it in phase "{1}" does nothing; remove it.',
          name,
          phase.name,
        );
        report(path, problem);
      } else if (!trainsIn(phase, name)) {
        const problem = t(
          'Phase "{0}" does not unfreeze block "{1}", so a learning rate for it does nothing; remove it or add the block to "unfreeze".',
          phase.name,
          name,
        );
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
    report(['classWeights', name], t('head.classes has no class "{0}".', name), nearestName(name, classes));
  }
  for (const name of new Set(classes.filter((candidate) => !weighted.includes(candidate)))) {
    report(['classWeights'], t('classWeights has no weight for class "{0}".', name));
  }
}
