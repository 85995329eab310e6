/**
 * Writes l10n/bundle.l10n.json: every text a user of the editor sees besides those of package.json, for translators. A
 * translation is a copy with the language in its name, such as l10n/bundle.l10n.de.json.
 *
 *   node scripts/writeL10n.mjs
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localizedTexts } from './lib/localizedTexts.mjs';
import { root } from './lib/project.mjs';

const bundle = localizedTexts();
mkdirSync(join(root, 'l10n'), { recursive: true });
writeFileSync(join(root, 'l10n', 'bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);
console.log(`l10n/bundle.l10n.json holds ${Object.keys(bundle).length} texts`);
