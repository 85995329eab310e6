import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { COMMANDS } from '../../../src/extension/ids.ts';
import { RunFolder, runsFolder } from '../../../src/node/runFolder.ts';
import { type HostCases, until } from './hostCase.ts';
import { planUri } from './planEditor.ts';

const LIMIT_MS = 50;
const RESOLUTION_MS = 5;

export const eventLoopCases: HostCases = {
  'never blocks the event loop for 50 ms while training': async (vscode) => {
    const uri = planUri(vscode);
    const runs = runsFolder(dirname(uri.fsPath));
    await vscode.commands.executeCommand('vscode.open', uri);
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    await vscode.commands.executeCommand(COMMANDS.startTraining);
    const run = await until('the end of the training', 90, () => finishedRun(runs));
    delay.disable();
    const epochs = readFileSync(run.metricsPath, 'utf8').match(/"event":"epoch"/g)?.length ?? 0;
    assert.ok(epochs >= 2, `the run has ${epochs} epochs`);
    // The monitor counts its own period in.
    const longest = delay.max / 1e6 - RESOLUTION_MS;
    assert.ok(
      longest < LIMIT_MS,
      `it was blocked for ${longest.toFixed(1)} ms (99 %: ${(delay.percentile(99) / 1e6).toFixed(1)} ms)`,
    );
  },
};

function finishedRun(runs: string): RunFolder | null {
  if (!existsSync(runs)) return null;
  const folders = readdirSync(runs).map((name) => new RunFolder(join(runs, name)));
  return folders.find(({ reportPath }) => existsSync(reportPath)) ?? null;
}
