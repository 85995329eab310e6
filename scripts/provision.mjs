/**
 * Finds or installs what the tests in a browser and in the real VS Code need: a browser, and code-server in
 * `.cache/vscode`. Leaves what it found in `build/provision.json`, where the tests read it. What this machine cannot
 * provide is said with the command that would; the exit code is 1 for that only on CI, where nothing may be missing.
 *
 *   node scripts/provision.mjs [--browser-only]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { provisionBrowser, provisionServer } from './lib/editor.mjs';
import { requireNode, root } from './lib/project.mjs';

requireNode();
const started = performance.now();
const { browser, missing: missingBrowser } = await provisionBrowser();
const onlyBrowser = process.argv.includes('--browser-only');
const { server, missing: missingServer } = onlyBrowser ? { server: null, missing: null } : await provisionServer();
const missing = [missingBrowser, missingServer].filter((each) => each !== null);
const seconds = (performance.now() - started) / 1000;
if (!onlyBrowser) {
  mkdirSync(join(root, 'build'), { recursive: true });
  const found = { browser, server, missing: { browser: missingBrowser, server: missingServer }, seconds };
  writeFileSync(join(root, 'build', 'provision.json'), `${JSON.stringify(found, null, 2)}\n`);
}
for (const { part, reason, command } of missing) {
  console.error(`Not available: ${part}: ${reason}\n  ${command}`);
}
if (missing.length > 0 && process.env.CI === 'true') process.exitCode = 1;
