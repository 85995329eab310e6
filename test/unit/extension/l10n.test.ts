import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { localizedTexts } from '../../../scripts/lib/localizedTexts.mjs';

const bundle = fileURLToPath(new URL('../../../l10n/bundle.l10n.json', import.meta.url));

describe('l10n/bundle.l10n.json', () => {
  it('holds every text of the extension and no other (node scripts/writeL10n.mjs writes it)', () => {
    const texts = Object.keys(JSON.parse(readFileSync(bundle, 'utf8')) as object);
    expect(texts.sort()).toEqual(localizedTexts());
  });
});
