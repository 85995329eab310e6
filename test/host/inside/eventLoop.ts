import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { COMMANDS } from '../../../src/extension/ids.ts';
import { RunFolder, runsFolder } from '../../../src/node/runFolder.ts';
import { type HostCases, until } from './hostCase.ts';
import { planUri } from './planEditor.ts';
import { threadMilliseconds } from './threadTime.ts';

const LIMIT_MS = 50;
const RESOLUTION_MS = 5;

export const eventLoopCases: HostCases = {
  'never blocks the event loop for 50 ms while training': async (vscode) => {
    const uri = planUri(vscode);
    const runs = runsFolder(dirname(uri.fsPath));
    await vscode.commands.executeCommand('vscode.open', uri);
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    const busy = watchBusyTime();
    await vscode.commands.executeCommand(COMMANDS.startTraining);
    const run = await until('the end of the training', 90, () => finishedRun(runs));
    const longest = busy.stop();
    delay.disable();
    const epochs = readFileSync(run.metricsPath, 'utf8').match(/"event":"epoch"/g)?.length ?? 0;
    assert.ok(epochs >= 2, `the run has ${epochs} epochs`);
    assert.ok(longest < LIMIT_MS, `one turn of the event loop took ${longest.toFixed(1)} ms`);
    // The clock on the wall also counts waiting for the disk, and the other programs of the machine: the rare ones.
    const waited = delay.percentile(99) / 1e6;
    assert.ok(waited < LIMIT_MS, `one turn in a hundred came ${waited.toFixed(1)} ms late`);
  },
};

/** Watches the processor time between turns of the event loop. `stop` returns the most, in milliseconds. */
function watchBusyTime(): { stop: () => number } {
  let longest = 0;
  let last = threadMilliseconds();
  const timer = setInterval(() => {
    const now = threadMilliseconds();
    longest = Math.max(longest, now - last);
    last = now;
  }, RESOLUTION_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}

function finishedRun(runs: string): RunFolder | null {
  if (!existsSync(runs)) return null;
  const folders = readdirSync(runs).map((name) => new RunFolder(join(runs, name)));
  return folders.find(({ reportPath }) => existsSync(reportPath)) ?? null;
}
