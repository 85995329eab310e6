import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TrainerClient } from '../../src/node/trainerClient.ts';
import { formatBytes } from '../../src/shared/format.ts';
import { reportFigures } from '../support/soakFigures.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { writeProject } from '../support/trainingFixture.ts';

const TRAINER = fileURLToPath(new URL('../../dist/trainer.js', import.meta.url));
const RUNS = 200;
/** Runs until the heap of the engine and the compiled code have their size. */
const SETTLED = 40;
const COMPARED = 20;
/** Largest growth that passes for noise of the garbage collection. */
const GROWTH = 1.1;

/** Resident bytes of a process, from the system. */
function residentBytes(processId: number): number {
  return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(processId)], { encoding: 'utf8' }));
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

it(`takes no more memory after ${RUNS} runs in one trainer than after ${SETTLED}`, async () => {
  const directory = await temporaryFolder();
  await writeProject(directory, {
    blocks: { middle: { frozen: false }, top: { frozen: false } },
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 1 },
    ],
    batchNorm: 'adapt',
    optimizer: { name: 'adamw', headLearningRate: 0.01, clipNorm: 1 },
  });
  const client = new TrainerClient(TRAINER);
  const resident: number[] = [];
  try {
    for (let run = 0; run < RUNS; run++) {
      const path = join(directory, `run-${run}`);
      const params = { directory, engine: 'portable', plan: 'small.finetune.json', run: path } as const;
      const { stopped, freezeProof } = await client.request('train', params);
      expect([stopped, freezeProof?.changedTensors]).toEqual(['finished', 0]);
      await rm(path, { recursive: true });
      resident.push(residentBytes(client.processId ?? 0));
    }
  } finally {
    await client.dispose();
  }
  const before = median(resident.slice(SETTLED, SETTLED + COMPARED));
  const after = median(resident.slice(-COMPARED));
  reportFigures('manyRuns', [
    { what: 'short runs one after the other in one trainer', result: String(RUNS) },
    {
      what: `its resident memory: median of runs ${SETTLED + 1} to ${SETTLED + COMPARED}, and of the last ${COMPARED}`,
      result: `${formatBytes(before)}, ${formatBytes(after)} (${(after / before).toFixed(2)} times)`,
    },
  ]);
  expect(after).toBeLessThan(GROWTH * before);
});
