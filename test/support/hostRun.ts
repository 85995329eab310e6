import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_ALIASES } from '../../scripts/lib/bundleAliases.mjs';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { type HostResult, RESULTS_FILE } from '../host/inside/hostCase.ts';
import { startBrowser } from '../webview/support/browser.ts';
import { editorPrograms, ROOT } from './provision.ts';
import { startVsCode } from './vscodeServer.ts';

const RUNNER = join(ROOT, 'build', 'host', 'runner.cjs');

/** A workspace for the tests inside the extension host and the folder around it, where the results go. */
export interface HostWorkspace {
  around: string;
  folder: string;
}

/** Runs all tests inside the extension host of a VS Code with Thaw as the extension under development. */
export async function runInsideHost(
  skip: (reason: string) => void,
  workspace: HostWorkspace,
): Promise<Record<string, HostResult>> {
  const programs = editorPrograms(skip);
  await bundleRunner();
  const server = await startVsCode(programs, { withThaw: false });
  const browser = await startBrowser(skip);
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const { ended } = await listenForExit(page);
  await page.addInitScript({ content: ALLOW_PAYLOAD });
  const remote = (path: string): string => `vscode-remote://${new URL(server.address).host}${path}`;
  const payload = [
    ['extensionDevelopmentPath', remote(ROOT)],
    ['extensionTestsPath', remote(RUNNER)],
    ['skipWelcome', 'true'],
  ];
  const query = new URLSearchParams({ folder: workspace.folder, payload: JSON.stringify(payload) });
  await page.goto(`${server.address}/?${query.toString()}`);
  const { code, output } = await ended;
  const results = await readFile(join(workspace.around, RESULTS_FILE), 'utf8').catch(() => null);
  if (results === null) throw new Error(`The extension host ended with code ${code} and left no results.\n${output}`);
  return JSON.parse(results) as Record<string, HostResult>;
}

/** One file of CommonJS, which is what VS Code loads as a test runner. */
async function bundleRunner(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/host/inside/runner.ts'],
    outfile: RUNNER,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    alias: BUNDLE_ALIASES,
    logLevel: 'error',
  });
}

/** Resolves when the tests are over; must be called before the page is loaded. */
async function listenForExit(page: Page): Promise<{ ended: Promise<{ code: number; output: string }> }> {
  let output = '';
  const add = (line: string): void => {
    output = `${output}${line}\n`.slice(-4000);
  };
  let exit: (code: number) => void = () => undefined;
  const ended = new Promise<{ code: number; output: string }>((resolve) => {
    exit = (code) => resolve({ code, output });
  });
  page.on('console', (message) => add(message.text()));
  await page.exposeFunction('codeAutomationLog', (type: string, values: unknown) =>
    add(`${type}: ${JSON.stringify(values)}`),
  );
  await page.exposeFunction('codeAutomationExit', exit);
  return { ended };
}

/**
 * A built VS Code takes an extension under development from the address only with its smoke test driver, which
 * code-server has no option for; so the page is told that it has it.
 */
const ALLOW_PAYLOAD = `
  const original = Element.prototype.getAttribute;
  Element.prototype.getAttribute = function (name) {
    const value = original.call(this, name);
    if (name !== 'data-settings' || this.id !== 'vscode-workbench-web-configuration' || !value) return value;
    const settings = JSON.parse(value);
    settings.developmentOptions = { ...settings.developmentOptions, enableSmokeTestDriver: true };
    return JSON.stringify(settings);
  };`;
