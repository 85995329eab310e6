import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runInsideHost } from '../support/hostRun.ts';
import { editorPrograms } from '../support/provision.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { writeProject } from '../support/trainingFixture.ts';
import { HOST_CASES } from './inside/cases.ts';
import type { HostResult } from './inside/hostCase.ts';

/** One VS Code for all of them: the first test that asks pays for it. */
let results: Promise<Record<string, HostResult>> | null = null;

async function runOnce(skip: (reason: string) => void): Promise<Record<string, HostResult>> {
  const around = await temporaryFolder();
  const folder = join(around, 'workspace');
  await mkdir(folder);
  await writeProject(folder);
  return runInsideHost(skip, { around, folder });
}

it.for(Object.keys(HOST_CASES))('%s', async (name, { skip }) => {
  editorPrograms(skip);
  results ??= runOnce(skip);
  const result = (await results)[name];
  expect(result?.problem).toBeNull();
});
