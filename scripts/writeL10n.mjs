/**
 * Writes l10n/bundle.l10n.json: every sentence the extension says through `l10n.t`, for translators.
 *
 *   node scripts/writeL10n.mjs
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localizedTexts } from './lib/localizedTexts.mjs';
import { root } from './lib/project.mjs';

const texts = localizedTexts();
mkdirSync(join(root, 'l10n'), { recursive: true });
const bundle = Object.fromEntries(texts.map((text) => [text, text]));
writeFileSync(join(root, 'l10n', 'bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);
console.log(`l10n/bundle.l10n.json holds ${texts.length} texts`);
