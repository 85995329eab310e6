import util from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { restoreRemovedNodeFunctions } from '../../src/trainer/engine/native/removedNodeFunctions.ts';

const functions = util as unknown as Record<string, ((value: unknown) => boolean) | undefined>;
const NAMES = ['isNullOrUndefined', 'isArray'] as const;
const present = Object.fromEntries(NAMES.map((name) => [name, functions[name]]));

afterEach(() => {
  for (const name of NAMES) functions[name] = present[name];
});

it('gives back what newer versions of Node.js do not have', () => {
  for (const name of NAMES) functions[name] = undefined;
  restoreRemovedNodeFunctions();
  const answers = (name: string): boolean[] => [null, undefined, 0, '', []].map((value) => !!functions[name]?.(value));
  expect(answers('isNullOrUndefined')).toEqual([true, true, false, false, false]);
  expect(answers('isArray')).toEqual([false, false, false, false, true]);
});

it('leaves those alone that are there', () => {
  const own = (): boolean => true;
  for (const name of NAMES) functions[name] = own;
  restoreRemovedNodeFunctions();
  for (const name of NAMES) expect(functions[name]).toBe(own);
});
