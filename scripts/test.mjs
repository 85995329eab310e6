/**
 * npm test: installs what is missing, then typecheck, lint, build and every suite. The last line is
 * `N passed, N failed`, with `, N skipped` where this machine cannot provide a part; the reasons stand above it. On CI
 * (CI=true) a test of the editor or of the package that is skipped counts as failed.
 * Arguments go on to vitest: `npm test -- --project unit`.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const RESULTS = join(root, 'build', 'test-results.json');
const PROVISION = join(root, 'build', 'provision.json');
const TOOLS = {
  tsc: 'node_modules/typescript/bin/tsc',
  eslint: 'node_modules/eslint/bin/eslint.js',
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  vitest: 'node_modules/vitest/vitest.mjs',
};

/** Everything that is run before the tests; each counts as one check. */
const CHECKS = {
  // What runs in a browser has a configuration of its own.
  typecheck: [
    [TOOLS.tsc, '--noEmit'],
    [TOOLS.tsc, '--noEmit', '-p', 'webview'],
    [TOOLS.tsc, '--noEmit', '-p', 'test/webview'],
    [TOOLS.tsc, '--noEmit', '-p', 'bench/editor'],
  ],
  lint: [
    [TOOLS.eslint, '.'],
    [TOOLS.prettier, '--check', '--log-level', 'warn', '.'],
  ],
  build: [['esbuild.mjs']],
};

/** Suites that need a browser, VS Code or the package registry: on CI these are there, so nothing of them is skipped. */
const COMPLETE_ON_CI = ['package', 'webview', 'host', 'e2e'];

const total = { passed: 0, failed: 0, skipped: [] };
const summary = [];

function note(name, seconds, text) {
  summary.push(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${text}`);
}

async function runCheck(name, commands) {
  console.log(`> ${name}`);
  const started = performance.now();
  let passed = true;
  for (const [script, ...args] of commands) passed = (await runNode(script, args)) === 0 && passed;
  total[passed ? 'passed' : 'failed'] += 1;
  note(name, (performance.now() - started) / 1000, passed ? 'passed' : 'failed');
}

async function provision() {
  console.log('> provision');
  const started = performance.now();
  await runNode('scripts/provision.mjs');
  const { missing } = JSON.parse(readFileSync(PROVISION, 'utf8'));
  const parts = Object.values(missing).filter((each) => each !== null);
  const found = parts.length === 0 ? 'a browser and VS Code' : `without ${parts.map(({ part }) => part).join(' and ')}`;
  note('provision', (performance.now() - started) / 1000, found);
}

/** What vitest is asked to run; nothing is every suite. */
const CHOSEN = process.argv.slice(2);
const IN_VSCODE = ['host', 'e2e'];

async function runSuites() {
  console.log('> tests');
  rmSync(RESULTS, { force: true });
  const args = ['run', '--allowOnly=false', '--reporter=default', '--reporter=./scripts/test/summaryReporter.mjs'];
  const env = { ...process.env, THAW_TEST_RESULTS: RESULTS };
  const code = await runNode(TOOLS.vitest, [...args, ...CHOSEN], { env });
  const before = total.failed;
  const found = addResults();
  // vitest can fail without a failed test: it crashed, found no tests, or an error belonged to none of them.
  if ((code !== 0 && total.failed === before) || !found) {
    total.failed += 1;
    summary.push(`vitest ended with code ${code} without naming a failed test; its output is above`);
  }
}

/** Adds the counts of every suite. Returns false when vitest left no results or ran no test. */
function addResults() {
  let results;
  try {
    results = JSON.parse(readFileSync(RESULTS, 'utf8'));
  } catch {
    return false;
  }
  let tests = 0;
  for (const [name, suite] of Object.entries(results.suites)) {
    const skipped = suite.skipped.length > 0 ? `, ${suite.skipped.length} skipped` : '';
    note(
      name,
      suite.milliseconds / 1000,
      `${suite.passed} passed, ${suite.failed} failed${skipped} (files: ${suite.files})`,
    );
    const mayNotSkip = process.env.CI === 'true' && COMPLETE_ON_CI.includes(name);
    total.passed += suite.passed;
    total.failed += suite.failed + (mayNotSkip ? suite.skipped.length : 0);
    if (!mayNotSkip) total.skipped.push(...suite.skipped);
    tests += suite.passed + suite.failed;
  }
  if (results.unhandledErrors > 0) summary.push(`errors outside of any test: ${results.unhandledErrors}`);
  total.failed += results.unhandledErrors;
  return tests > 0;
}

function printSkipped() {
  const byReason = new Map();
  for (const { test, reason } of total.skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), test]);
  for (const [reason, tests] of byReason) {
    console.log(`\nSkipped: ${reason}`);
    for (const test of tests) console.log(`  ${test}`);
  }
}

requireNode();
if (await installIfNeeded()) {
  for (const [name, commands] of Object.entries(CHECKS)) await runCheck(name, commands);
  if (CHOSEN.length === 0 || CHOSEN.some((arg) => IN_VSCODE.includes(arg))) await provision();
  await runSuites();
} else {
  summary.push('The dependencies could not be installed, so nothing was run.');
  total.failed += 1;
}
console.log(`\n${summary.join('\n')}`);
printSkipped();
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;
