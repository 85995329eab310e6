import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BINDING_PATH, type InstalledEngine, readProof } from '../../../src/node/nativeEngine/installedEngine.ts';
import { probeEngine, proveEngine } from '../../../src/node/nativeEngine/probeEngine.ts';
import { program, WORKING_PROBE, writeTree } from '../../support/engineFiles.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

async function engineFor(): Promise<InstalledEngine> {
  const folder = await temporaryFolder();
  await writeTree(folder, { [BINDING_PATH]: 'binding' });
  return { folder, binding: join(folder, BINDING_PATH), route: 'folder', tensorflow: '2.9.1', tfjsNode: '4.22.0' };
}

const STAYS = 'setInterval(() => {}, 1000);';

describe('probeEngine', () => {
  it('gives what the probe says, whatever is printed besides', async () => {
    const engine = await engineFor();
    const entry = await program(`console.log('oneDNN is on'); ${WORKING_PROBE} console.error('a remark');`);
    expect(await probeEngine(entry, engine)).toEqual({ works: true, version: 'fake', detail: engine.binding });
  });

  it.for<[string, string, string | RegExp]>([
    ['says so', `console.log('{"works":false,"version":"","detail":"wrong sum"}');`, 'wrong sum'],
    ['throws', `throw new Error('libtensorflow.so.2: cannot open shared object file');`, /^libtensorflow.so.2: cannot/],
    ['ends with its last words', `console.error('no GLIBC_2.99'); process.exitCode = 1;`, 'no GLIBC_2.99'],
    ['ends without a word', 'process.exitCode = 3;', 'it ended with exit code 3 and said nothing'],
    ['says nothing', '', 'it ended with exit code 0 and said nothing'],
    ['meets an unknown instruction', `process.kill(process.pid, 'SIGILL'); ${STAYS}`, /^the processor lacks .*SIGILL/],
    ['crashes', `process.kill(process.pid, 'SIGSEGV'); ${STAYS}`, /^it crashed .*SIGSEGV/],
    ['crashes after its answer', `${WORKING_PROBE} process.kill(process.pid, 'SIGABRT'); ${STAYS}`, /SIGABRT/],
    ['fails after its answer', `${WORKING_PROBE} process.exitCode = 1;`, 'it ended with exit code 1 and said nothing'],
  ])('tells that the engine does not work when the probe %s', async ([, source, detail]) => {
    const proof = await probeEngine(await program(source), await engineFor());
    expect(proof).toEqual({ works: false, version: '', detail: expect.stringMatching(detail) as string });
  });

  it('tells so when the probe is not there', async () => {
    const proof = await probeEngine('/nowhere/probe.js', await engineFor());
    expect(proof).toMatchObject({ works: false, detail: expect.stringContaining('/nowhere/probe.js') as string });
  });

  it('tells so when it takes too long', async () => {
    const proof = await probeEngine(await program(STAYS), await engineFor(), { timeoutMs: 1000 });
    expect(proof).toEqual({ works: false, version: '', detail: 'it gave no answer within 1 seconds' });
  });

  it('ends the probe when it is cancelled', async () => {
    const controller = new AbortController();
    const probing = probeEngine(await program(STAYS), await engineFor(), { signal: controller.signal });
    controller.abort();
    expect(await problemFrom(probing)).toEqual({ reason: 'cancelled' });
  });
});

describe('proveEngine', () => {
  it('asks the probe once', async () => {
    const engine = await engineFor();
    const counter = join(engine.folder, 'count');
    const entry = await program(`require('node:fs').appendFileSync(${JSON.stringify(counter)}, '.'); ${WORKING_PROBE}`);
    const proof = await proveEngine(entry, engine);
    expect(await proveEngine(entry, engine)).toEqual(proof);
    expect(await readFile(counter, 'utf8')).toBe('.');
    // Another binding is another engine.
    await appendFile(engine.binding, ' changed');
    await proveEngine(entry, engine);
    expect(await readFile(counter, 'utf8')).toBe('..');
  });

  it('remembers a crash, and not that it took too long', async () => {
    const engine = await engineFor();
    await proveEngine(await program(STAYS), engine, { timeoutMs: 500 });
    expect(existsSync(join(engine.folder, 'proofs.json'))).toBe(false);
    await proveEngine(await program(`process.kill(process.pid, 'SIGILL'); ${STAYS}`), engine);
    expect((await readProof(engine))?.works).toBe(false);
  });
});
