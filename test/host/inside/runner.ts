import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { HOST_CASES } from './cases.ts';
import { type HostResult, RESULTS_FILE } from './hostCase.ts';

/** What VS Code calls in the extension host: runs every test and writes the results beside the workspace. */
export async function run(): Promise<void> {
  const results: Record<string, HostResult> = {};
  for (const [name, test] of Object.entries(HOST_CASES)) {
    const started = performance.now();
    const problem = await test(vscode).then(
      () => null,
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    results[name] = { problem, milliseconds: performance.now() - started };
  }
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw new Error('no folder is open');
  writeFileSync(join(dirname(folder.uri.fsPath), RESULTS_FILE), JSON.stringify(results));
}
