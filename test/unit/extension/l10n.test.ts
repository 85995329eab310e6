import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { localizedTexts, textsOf } from '../../../scripts/lib/localizedTexts.mjs';

const bundle = fileURLToPath(new URL('../../../l10n/bundle.l10n.json', import.meta.url));

describe('l10n/bundle.l10n.json', () => {
  it('holds every text a user of the editor sees and no other (node scripts/writeL10n.mjs writes it)', () => {
    const texts = JSON.parse(readFileSync(bundle, 'utf8')) as Record<string, unknown>;
    const wanted = localizedTexts();
    expect(Object.keys(texts)).toEqual(Object.keys(wanted));
    expect(texts).toEqual(wanted);
  });

  it('holds texts of the extension, of src/shared and of the webview', () => {
    const keys = Object.keys(localizedTexts());
    for (const key of ['Start Fine-Tune', 'Only the new head trains, on features that are computed once.', 'Why?']) {
      expect(keys).toContain(key);
    }
  });
});

describe('texts of a file', () => {
  const textsIn = (expression: string) => textsOf('example.tsx', `const example = (x: string) => ${expression};`);

  it('are found wherever they are asked for', () => {
    const code = "<p title={t('One')}>{vscode.l10n.t('Two {0}', x)}{[x].map(() => l10n.t('Three'))}</p>";
    expect(textsIn(code).map(([key]) => key)).toEqual(['One', 'Two {0}', 'Three']);
  });

  it('are told apart by their comments', () => {
    expect(textsIn("t({ message: 'low', comment: 'The amount of data' })")).toEqual([
      ['low/The amount of data', { message: 'low', comment: ['The amount of data'] }],
    ]);
  });

  it.each([
    ['t(x)', /line 1: .* not written out/],
    ['t(`One ${x}`)', /not written out/],
    ["t(x ? 'One' : 'Two')", /not written out/],
    ["t({ message: x, comment: 'A word' })", /not written out/],
    ["t('{0} of {1}', x)", /other values than placeholders/],
    ["t('One', x)", /other values than placeholders/],
  ])('are no texts in %s', (expression, fault) => {
    expect(() => textsIn(expression)).toThrow(fault);
  });

  it('may be handed on without their values', () => {
    expect(textsIn("t('{0} of {1}')")).toHaveLength(1);
  });

  it('are never asked for when the file is loaded', () => {
    expect(() => textsOf('example.ts', "export const TITLE = { head: t('Head') };")).toThrow(/when the file is loaded/);
    expect(textsOf('example.ts', "export const TITLE = { head: () => t('Head') };")).toHaveLength(1);
  });
});
