/**
 * Pictures of the plan editor alone, with invented data in place of the extension: four themes, two widths, into
 * build/screenshots/webview-*.png. Quicker than scripts/screenshots.mjs, which starts VS Code.
 *
 *   node esbuild.mjs && node scripts/webviewScreenshots.mjs
 */
import { mkdirSync } from 'node:fs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { requireNode, root } from './lib/project.mjs';

const FOLDER = 'build/screenshots';

requireNode();
process.chdir(root);
mkdirSync(FOLDER, { recursive: true });
const { takeScreenshots } = await importTypeScript('test/webview/support/webviewScreenshots.ts');
for (const line of await takeScreenshots(FOLDER)) console.log(line);
