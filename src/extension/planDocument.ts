import { applyEdits, modify, type FormattingOptions } from 'jsonc-parser';
import type { PlanProblem } from '../shared/errors.ts';
import type { Plan } from '../shared/plan.ts';
import { checkPlan, type PlanContext } from '../shared/planCheck.ts';
import type { PlanChange } from '../shared/planEdits.ts';
import { planLocator } from '../shared/planLines.ts';
import { parsePlanText } from '../shared/planText.ts';
import type { PlanDocument, PlanNetwork } from '../shared/planView.ts';

/** A stretch of text and what replaces it. */
export interface TextChange {
  /** UTF-16 units from the start. */
  offset: number;
  length: number;
  text: string;
}

/**
 * What the text of a plan file says. `last` is the last valid plan, which stays while the text has faults; the names in
 * the plan are checked once the network is known.
 */
export function readPlanDocument(text: string, last: Plan | null, network: PlanNetwork | null): PlanDocument {
  const parsed = parsePlanText(text);
  if ('problems' in parsed) return { plan: last, problems: parsed.problems };
  return { plan: parsed.plan, problems: network ? networkProblems(text, parsed.plan, network) : [] };
}

/** Faults that only the network shows, such as a block that it does not have. */
function networkProblems(text: string, plan: Plan, network: PlanNetwork): PlanProblem[] {
  const locate = planLocator(text);
  return checkPlan(plan, contextOf(network), (path) => locate(path));
}

function contextOf(network: PlanNetwork): PlanContext {
  const layers = [...network.blocks.flatMap((block) => block.layers), ...network.head];
  return {
    blocks: network.blocks.map(({ name, layers: own }) => ({ name, layers: own.map((layer) => layer.name) })),
    layers: layers.map(({ name, parameters }) => ({ name, weighted: parameters > 0 })),
  };
}

/**
 * Writes changes into the text of a plan file and returns the one stretch that differs, or null where nothing does.
 * Everything else stays as the user wrote it; what is new follows the indentation and line ends of the text.
 */
export function changeText(text: string, changes: readonly PlanChange[]): TextChange | null {
  const formattingOptions = formattingOf(text);
  let changed = text;
  for (const { path, value } of changes) {
    changed = applyEdits(changed, modify(changed, path, value, { formattingOptions }));
  }
  return difference(text, changed);
}

/** Indentation of the first indented line; line ends the formatter takes from the text itself. */
function formattingOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length };
}

function difference(before: string, after: string): TextChange | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { offset: start, length: before.length - start - end, text: after.slice(start, after.length - end) };
}
