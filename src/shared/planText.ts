import { t } from '@vscode/l10n';
import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { PlanProblem } from './errors.ts';
import { planSchema, type Plan } from './plan.ts';
import { lineCounter, locateKey, planLocator } from './planLines.ts';
import { shapeProblems } from './planShape.ts';

/** Version of the plan format that this program reads and writes. */
export const PLAN_VERSION = 1;

export type ParsedPlan = { plan: Plan } | { problems: PlanProblem[] };

/**
 * Reads the text of a plan file: strict JSON, the keys and values of `planSchema`. Every fault comes with its line
 * (1-based), the reason and, where there is one, the nearest valid value; all faults of a kind are reported together, in
 * the order of the lines. Whether the names in it exist in the network is for `checkPlan` to say.
 */
export function parsePlanText(text: string): ParsedPlan {
  try {
    return readPlan(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser and the checks are recursive: only absurd nesting exhausts the stack.
    if (!(error instanceof RangeError)) throw error;
    return { problems: [{ path: '', line: 1, problem: t('The plan is nested too deeply to be read.') }] };
  }
}

function readPlan(source: string): ParsedPlan {
  const errors: ParseError[] = [];
  const tree = parseTree(source, errors, { disallowComments: true, allowTrailingComma: false });
  if (errors.length > 0 || !tree) return { problems: syntaxProblems(source, errors) };

  const value: unknown = getNodeValue(tree);
  const duplicates = duplicateKeys(tree, lineCounter(source));
  const migrated = migratePlan(value);
  if ('problem' in migrated) {
    return { problems: byLine([...duplicates, { ...migrated.problem, line: planLocator(source)(['version']) }]) };
  }
  const result = planSchema.safeParse(migrated.value);
  if (result.success && duplicates.length === 0) return { plan: result.data };

  const locate = planLocator(source);
  const shape = shapeProblems(result.error?.issues ?? [], value).map(({ path, aboutKey, problem, nearest }) => ({
    path: path.join('.'),
    line: aboutKey ? locateKey(source, path) : locate(path),
    problem,
    ...(nearest === undefined ? {} : { nearest }),
  }));
  return { problems: byLine([...duplicates, ...shape]) };
}

/**
 * Brings a plan of an older version to the present one. There is no older version yet, so this only tells plans of a
 * newer Thaw apart; a missing or nonsensical version is left to the schema.
 */
function migratePlan(value: unknown): { value: unknown } | { problem: Omit<PlanProblem, 'line'> } {
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (typeof version === 'number' && Number.isInteger(version) && version > PLAN_VERSION) {
    const problem = t(
      'The plan was written by a newer Thaw (version {0}); this one reads version {1}. Update Thaw to open it.',
      version,
      PLAN_VERSION,
    );
    return { problem: { path: 'version', problem, nearest: String(PLAN_VERSION) } };
  }
  return { value };
}

/** All comments, and the first other error: those after it are mostly its echoes. */
function syntaxProblems(text: string, errors: ParseError[]): PlanProblem[] {
  const lineOf = lineCounter(text);
  const problems: PlanProblem[] = [];
  let others = 0;
  for (const error of errors) {
    const code = printParseErrorCode(error.error);
    if (code === 'InvalidCommentToken') {
      const problem = t('Comments are not allowed in a plan; remove this one.');
      problems.push({ path: '', line: lineOf(error.offset), problem });
    } else if (others++ === 0) {
      const { offset, problem } = describeSyntaxError(text, error.offset, code);
      problems.push({ path: '', line: lineOf(offset), problem });
    }
  }
  if (problems.length === 0) problems.push({ path: '', line: 1, problem: t('The plan is empty.') });
  return byLine(problems);
}

/** What went wrong and where it is to be mended: something missing is missing after the last thing written. */
function describeSyntaxError(text: string, offset: number, code: string): { offset: number; problem: string } {
  const before = Math.max(0, text.slice(0, offset).trimEnd().length - 1);
  if (text.trim() === '') return { offset: 0, problem: t('The plan is empty.') };
  const next = text[offset] ?? '';
  if ((code === 'PropertyNameExpected' || code === 'ValueExpected') && text[before] === ',' && /^[}\]]/.test(next)) {
    return { offset: before, problem: t('The comma before "{0}" is one too many; remove it.', next) };
  }
  switch (code) {
    case 'PropertyNameExpected':
      return { offset, problem: t('A key in double quotes is expected here.') };
    case 'ValueExpected':
      return { offset, problem: t('A value is expected here.') };
    case 'ColonExpected':
      return { offset: before, problem: t('A colon is missing after the key.') };
    case 'CommaExpected':
      return { offset: before, problem: t('A comma is missing after this value.') };
    case 'CloseBraceExpected':
      return { offset: before, problem: t('A closing "}" is missing.') };
    case 'CloseBracketExpected':
      return { offset: before, problem: t('A closing "]" is missing.') };
    case 'EndOfFileExpected':
      return { offset, problem: t('There is text after the end of the plan; remove it.') };
    case 'UnexpectedEndOfString':
      return { offset, problem: t('A text does not end: its closing double quote is missing.') };
    case 'InvalidSymbol':
      return { offset, problem: t('This is no JSON value: texts stand in double quotes.') };
    default:
      return { offset, problem: t('This is not valid JSON.') };
  }
}

function duplicateKeys(root: Node, lineOf: (offset: number) => number): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const visit = (node: Node, path: (string | number)[]): void => {
    const seen = new Set<string>();
    for (const [index, child] of (node.children ?? []).entries()) {
      if (node.type === 'array') {
        visit(child, [...path, index]);
        continue;
      }
      const [key, value] = child.children ?? [];
      const name = String(key.value);
      const here = [...path, name];
      if (name === '__proto__') {
        problems.push({
          path: here.join('.'),
          line: lineOf(key.offset),
          problem: t('The name "__proto__" cannot be used.'),
        });
      } else if (seen.has(name)) {
        const problem = t('"{0}" is written twice in the same object; remove one of them.', name);
        problems.push({ path: here.join('.'), line: lineOf(key.offset), problem });
      }
      seen.add(name);
      if (value) visit(value, here);
    }
  };
  visit(root, []);
  return problems;
}

function byLine(problems: PlanProblem[]): PlanProblem[] {
  return problems.sort((a, b) => a.line - b.line);
}
