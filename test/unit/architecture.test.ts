import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The files exist only here, so the rules that need types of the whole project are left out.
const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });

/** Names of the rules that `code` breaks in a file at `path`. */
async function brokenRules(path: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(root, path) });
  const fatal = result.messages.find((message) => message.fatal);
  if (fatal) throw new Error(fatal.message);
  return [...new Set(result.messages.map((message) => message.ruleId ?? 'none'))].sort();
}

const FOLDERS = 'import-x/no-restricted-paths';
const PACKAGES = 'no-restricted-imports';
const SYNTAX = 'no-restricted-syntax';

/** Imports `value` of a module and uses it, so that nothing else can be wrong with the file. */
const importing = (module: string): string => `import { value } from '${module}';\nexport const used = value;\n`;
const importingLater = (module: string): string => `export const used = import('${module}');\n`;
const importingType = (module: string): string => `export type Used = import('${module}').Value;\n`;

describe('direction of dependencies', () => {
  const forbidden: [string, string, string][] = [
    ['src/shared/example.ts', '../node/sampleProject.ts', FOLDERS],
    ['src/shared/deep/example.ts', '../../node/sampleProject.ts', FOLDERS],
    ['src/shared/example.ts', '../../test/unit/architecture.test.ts', FOLDERS],
    ['src/shared/example.ts', 'node:fs', PACKAGES],
    ['src/shared/example.ts', 'fs/promises', PACKAGES],
    ['src/shared/example.ts', 'vscode', PACKAGES],
    ['src/shared/example.ts', '@tensorflow/tfjs-core', PACKAGES],
    ['src/shared/example.ts', 'sharp', PACKAGES],
    ['src/node/example.ts', '@tensorflow/tfjs-node', PACKAGES],
    ['src/node/example.ts', 'sharp', PACKAGES],
    ['src/node/example.ts', 'vscode', PACKAGES],
    ['src/node/example.ts', '../../scripts/lib/project.mjs', FOLDERS],
    ['src/trainer/example.ts', 'vscode', PACKAGES],
    ['src/trainer/example.ts', '../../scripts/lib/project.mjs', FOLDERS],
    ['src/cli/example.ts', '@tensorflow/tfjs-core', PACKAGES],
    ['src/cli/example.ts', 'sharp', PACKAGES],
    ['src/cli/example.ts', 'vscode', PACKAGES],
    ['src/extension/example.ts', '@tensorflow/tfjs-layers', PACKAGES],
    ['src/extension/example.ts', 'sharp', PACKAGES],
    ['src/extension.ts', '@tensorflow/tfjs-layers', PACKAGES],
    ['webview/example.ts', '../src/node/sampleProject.ts', FOLDERS],
    ['webview/example.ts', 'node:path', PACKAGES],
    ['webview/example.ts', 'fs', PACKAGES],
    ['webview/example.ts', 'vscode', PACKAGES],
    ['webview/example.ts', '@tensorflow/tfjs-core', PACKAGES],
  ];

  it.each(forbidden)('%s must not import %s', async (path, module, rule) => {
    expect(await brokenRules(path, importing(module))).toEqual([rule]);
  });

  it.each(forbidden)('%s must not import %s later, with import()', async (path, module, rule) => {
    expect(await brokenRules(path, importingLater(module))).toEqual([rule === PACKAGES ? SYNTAX : FOLDERS]);
  });

  it.each(forbidden.filter(([, , rule]) => rule === PACKAGES))('%s must not name types of %s', async (path, module) => {
    expect(await brokenRules(path, importingType(module))).toEqual([SYNTAX]);
  });

  const allowed: [string, string][] = [
    ['src/shared/example.ts', './plan.ts'],
    ['src/shared/example.ts', 'zod'],
    ['src/shared/example.ts', 'jsonc-parser'],
    ['src/shared/example.ts', '@vscode/l10n'],
    ['src/node/example.ts', '../shared/plan.ts'],
    ['src/node/example.ts', 'node:fs/promises'],
    ['src/node/example.ts', 'fflate'],
    ['src/trainer/example.ts', '../shared/plan.ts'],
    ['src/trainer/example.ts', '../node/sampleProject.ts'],
    ['src/trainer/example.ts', '@tensorflow/tfjs-core'],
    ['src/trainer/example.ts', 'sharp'],
    ['src/cli/example.ts', '../node/sampleProject.ts'],
    ['src/cli/example.ts', 'commander'],
    ['src/extension/example.ts', 'vscode'],
    ['src/extension/example.ts', '../shared/plan.ts'],
    ['src/extension.ts', 'vscode'],
    ['webview/example.ts', '../src/shared/plan.ts'],
  ];

  it.each(allowed)('%s may import %s', async (path, module) => {
    expect(await brokenRules(path, importing(module))).toEqual([]);
  });
});

describe('neighbours among the programs', () => {
  // Every pair of folders, by a file that is really there in each: an import that leads nowhere proves nothing.
  const members: Record<string, string | undefined> = {
    shared: 'plan.ts',
    node: 'sampleProject.ts',
    trainer: 'main.ts',
    cli: 'main.ts',
  };
  const mayImport: Record<string, string[]> = {
    shared: [],
    node: ['shared'],
    trainer: ['shared', 'node'],
    cli: ['shared', 'node'],
    extension: ['shared', 'node'],
  };
  const pairs = Object.keys(mayImport).flatMap((from) =>
    Object.keys(members)
      .filter((to) => to !== from)
      .map((to): [string, string, boolean] => [from, to, mayImport[from].includes(to)]),
  );

  it.each(pairs)('src/%s importing src/%s: allowed is %s', async (from, to, isAllowed) => {
    const broken = await brokenRules(`src/${from}/example.ts`, importing(`../${to}/${members[to] ?? ''}`));
    expect(broken).toEqual(isAllowed ? [] : [FOLDERS]);
  });
});

describe('house style', () => {
  const bad: [string, string, string][] = [
    ['a default export', 'export default function named(): void {}\n', 'import-x/no-default-export'],
    ['a barrel of everything', "export * from './plan.ts';\n", SYNTAX],
    ['a barrel of names', "export { planSchema } from './plan.ts';\n", SYNTAX],
    ['any', 'export const value: any = 1;\n', '@typescript-eslint/no-explicit-any'],
    [
      'a non-null assertion',
      'export const first = (list?: string[]): string => list![0];\n',
      '@typescript-eslint/no-non-null-assertion',
    ],
    ['what Node.js 20.9 lacks', 'export const folder = import.meta.dirname;\n', SYNTAX],
    ['a TODO', '// TODO: later\nexport const value = 1;\n', 'no-warning-comments'],
  ];

  it.each(bad)('reports %s', async (_name, code, rule) => {
    expect(await brokenRules('src/shared/example.ts', code)).toEqual([rule]);
  });

  const element = (content: string): string =>
    `export const Example = ({ on }: { on: boolean }): unknown => (on ? ${content} : null);\n`;

  it.each([
    '<p>Press Start.</p>',
    "<p>{'Press Start.'}</p>",
    "<p>{on ? 'Yes' : null}</p>",
    '<p>{`${Number(on)} images`}</p>',
    '<>Press Start.</>',
    '<p title="Press Start." />',
    "<p aria-label={'Press Start.'} />",
    '<p title={on ? `${Number(on)} images` : undefined} />',
  ])('keeps words that are not translated out of the webview: %s', async (content) => {
    expect(await brokenRules('webview/example.tsx', element(content))).toEqual([SYNTAX]);
  });

  it('lets data, signs and names of classes stand in the webview', async () => {
    const content = "<p class={`a ${on ? 'b' : ''}`} title={`${Number(on)}: ${Number(on)}`}>{Number(on)} · {' '}</p>";
    expect(await brokenRules('webview/example.tsx', element(content))).toEqual([]);
  });

  it('keeps Node.js globals out of src/shared', async () => {
    const code = 'export const home = process.cwd();\n';
    expect(await brokenRules('src/shared/example.ts', code)).toEqual(['no-restricted-globals']);
    expect(await brokenRules('src/node/example.ts', code)).toEqual([]);
  });

  it('does not let a comment switch a rule off', async () => {
    const code = '// eslint-disable-next-line\nexport const value: any = 1;\n';
    expect(await brokenRules('src/shared/example.ts', code)).toContain('@typescript-eslint/no-explicit-any');
  });

  it('checks every file for promises nobody waits for', async () => {
    for (const path of ['src/shared/plan.ts', 'src/node/sampleProject.ts', 'test/unit/architecture.test.ts']) {
      const config = (await new ESLint({ cwd: root }).calculateConfigForFile(join(root, path))) as {
        rules: Record<string, [number]>;
      };
      expect(config.rules['@typescript-eslint/no-floating-promises'][0]).toBe(2);
    }
  });
});
