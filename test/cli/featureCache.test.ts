import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { describe, expect, it, type TestContext } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { makeReadOnly, mountSmallDisk } from '../support/mounts.ts';
import { type CliResult, type JsonLine, runCli, startCli } from '../support/runCli.ts';
import { writeProject } from '../support/trainingFixture.ts';

const PLAN = 'small.finetune.json';
const HEAD: Partial<PlanInput> = { augment: 'medium', phases: [{ name: 'head', epochs: 3 }] };
/** 48 images train in 4 variants, 12 validate. */
const FEATURES = 48 * 4 + 12;

async function project(changes: Partial<PlanInput> = {}): Promise<string> {
  const folder = await temporaryFolder();
  await writeProject(folder, { ...HEAD, ...changes }, 30);
  return folder;
}

/** A cache of its own within a project. */
const cacheIn = (folder: string): NodeJS.ProcessEnv => ({ THAW_CACHE_DIR: join(folder, 'cache') });

const trainArgs = (run: string): string[] => ['train', PLAN, '--run', run, '--json'];

async function train(folder: string, run: string, env: NodeJS.ProcessEnv = cacheIn(folder)): Promise<CliResult> {
  const result = await runCli(trainArgs(run), { cwd: folder, env });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result;
}

const weightsOf = (folder: string, run: string): Promise<Map<string, string>> =>
  hashTensors(join(folder, run, 'model', 'model.json'));

const warningsOf = ({ lines }: CliResult): JsonLine[] => lines.filter(({ event }) => event === 'warning');

const cacheContract = z.looseObject({
  directory: z.string(),
  bytes: z.number().int().nonnegative(),
  limitBytes: z.number().nonnegative(),
  entries: z.number().int().nonnegative(),
  enabled: z.boolean(),
});

async function cache(folder: string, ...args: string[]): Promise<z.output<typeof cacheContract>> {
  const result = await runCli(['cache', ...args, '--json'], { cwd: folder, env: cacheIn(folder) });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return cacheContract.parse(result.json);
}

describe('features kept on the disk', () => {
  it('serve the next run, and several that are under way at once', async () => {
    const folder = await project();
    const both = await Promise.all([train(folder, 'one'), train(folder, 'two')]);
    for (const { json } of both) {
      const { misses, fromDisk } = json.cache as { misses: number; fromDisk: number };
      expect(misses + fromDisk).toBe(FEATURES);
    }
    const third = await train(folder, 'three');
    expect(third.json.cache).toMatchObject({ misses: 0, fromDisk: FEATURES, hits: 3 * 60 });
    const told = third.lines.filter(({ event }) => event === 'cache');
    expect(told.at(-1)).toMatchObject({ done: 60, total: 60, bytes: (third.json.cache as { bytes: number }).bytes });
    for (const run of ['two', 'three']) expect(await weightsOf(folder, run)).toEqual(await weightsOf(folder, 'one'));
  });

  it('outlive a program that is killed, as far as it got', async () => {
    const folder = await project({ phases: [{ name: 'head', epochs: 300 }] });
    const killed = startCli(trainArgs('killed'), { cwd: folder, env: cacheIn(folder) });
    await killed.line(({ event }) => event === 'step');
    process.kill(-killed.processId, 'SIGKILL');
    await killed.finished;
    await writeProject(folder, HEAD, 30);
    expect((await train(folder, 'next')).json.cache).toMatchObject({ misses: 0, fromDisk: FEATURES });
  });

  it('are read batch by batch where memory does not hold them', async () => {
    const folder = await project();
    const noMemory = { ...cacheIn(folder), THAW_FEATURE_LIMIT_MB: '0' };
    const first = await train(folder, 'first', noMemory);
    expect(first.json.cache).toMatchObject({ misses: FEATURES, fromDisk: 0, hits: 3 * 60 });
    const second = await train(folder, 'second', noMemory);
    expect(second.json.cache).toMatchObject({ misses: 0, fromDisk: FEATURES, hits: 3 * 60 });
    for (const result of [first, second]) {
      expect(warningsOf(result)).toEqual([]);
      expect(result.lines.find(({ event }) => event === 'phase')).toMatchObject({ cachedTo: 'head_pool' });
    }
    await train(folder, 'inMemory');
    for (const run of ['first', 'second'])
      expect(await weightsOf(folder, run)).toEqual(await weightsOf(folder, 'inMemory'));
  });

  it('are computed anew in every epoch where neither memory nor the cache holds them', async () => {
    const folder = await project();
    const nowhere = { ...cacheIn(folder), THAW_FEATURE_LIMIT_MB: '0', THAW_CACHE_LIMIT_MB: '0.004' };
    const result = await train(folder, 'run', nowhere);
    expect(new Set(warningsOf(result).map(({ code }) => code))).toEqual(new Set(['cacheTooLarge']));
    expect(result.lines.find(({ event }) => event === 'phase')).toMatchObject({ cachedTo: null });
  });

  it('can be cleared under a run that reads them', async () => {
    const folder = await project({ phases: [{ name: 'head', epochs: 60 }] });
    await train(folder, 'expected', { ...cacheIn(folder), THAW_FEATURE_CACHE: 'off' });
    const env = { ...cacheIn(folder), THAW_FEATURE_LIMIT_MB: '0' };
    const running = startCli(trainArgs('running'), { cwd: folder, env });
    await running.line(({ event }) => event === 'epoch');
    expect(await cache(folder, 'clear')).toMatchObject({ bytes: 0, entries: 0 });
    expect((await running.finished).json).toMatchObject({ stopped: 'finished', cache: { misses: FEATURES } });
    expect(await weightsOf(folder, 'running')).toEqual(await weightsOf(folder, 'expected'));
  });

  it('stay within the limit', async () => {
    const folder = await project();
    const limited = { ...cacheIn(folder), THAW_CACHE_LIMIT_MB: '0.2' };
    for (const seed of ['1', '2', '3']) {
      await runCli([...trainArgs(seed), '--seed', seed], { cwd: folder, env: limited });
    }
    const { bytes } = await cache(folder);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(200_000);
  });
});

describe('a cache that cannot be written', () => {
  const NOT_KEPT = 'featuresNotKept';

  it('is done without, and told of once', async () => {
    const folder = await project({ phases: [0, 1].map((index) => ({ name: `head ${index}`, epochs: 1 })) });
    const file = join(folder, 'file');
    await writeFile(file, '');
    const result = await train(folder, 'run', { THAW_CACHE_DIR: file });
    expect(warningsOf(result).map(({ code }) => code)).toEqual([NOT_KEPT]);
    expect(String(warningsOf(result)[0].text)).toContain(join(file, 'features'));
    expect(result.json.cache).toMatchObject({ misses: 2 * FEATURES });
    await train(folder, 'usual');
    expect(await weightsOf(folder, 'run')).toEqual(await weightsOf(folder, 'usual'));
  });

  it('that is full or read-only does no harm either', async (context: TestContext) => {
    const folder = await project();
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '64k');
    const env = { THAW_CACHE_DIR: disk, THAW_CACHE_LIMIT_MB: '100' };
    const full = await train(folder, 'full', env);
    expect(warningsOf(full).map(({ code }) => code)).toEqual([NOT_KEPT]);
    const noMemory = await train(folder, 'noMemory', { ...env, THAW_FEATURE_LIMIT_MB: '0' });
    const codes = warningsOf(noMemory).map(({ code }) => code);
    expect(codes.filter((code) => code === NOT_KEPT)).toHaveLength(1);
    await makeReadOnly(disk);
    const readOnly = await train(folder, 'readOnly', env);
    expect(warningsOf(readOnly).map(({ code }) => code)).toEqual([NOT_KEPT]);
    expect(await weightsOf(folder, 'readOnly')).toEqual(await weightsOf(folder, 'full'));
  });
});

describe('thaw cache', () => {
  it('says what is kept and clears it', async () => {
    const folder = await project();
    expect(await cache(folder)).toMatchObject({
      directory: join(folder, 'cache', 'features'),
      bytes: 0,
      entries: 0,
      enabled: true,
    });
    await train(folder, 'run');
    const status = await cache(folder, 'status');
    // Features as they are and in variants, signatures, and hashes where the images are old enough.
    expect(status.entries).toBeGreaterThanOrEqual(3);
    const text = await runCli(['cache'], { cwd: folder, env: cacheIn(folder) });
    expect(text.stdout).toMatch(/^[\d.]+ kB of [\d.]+ [MG]B in \d+ files of .*features\n$/);
    expect(await cache(folder, 'clear')).toMatchObject({ bytes: 0, entries: 0, freedBytes: status.bytes });
    expect(await cache(folder)).toMatchObject({ bytes: 0 });
    const off = { ...cacheIn(folder), THAW_FEATURE_CACHE: 'off' };
    expect((await runCli(['cache'], { cwd: folder, env: off })).stdout).toContain('switched off');
  });

  it('refuses what it cannot do', async () => {
    const folder = await temporaryFolder();
    const result = await runCli(['cache', 'emtpy'], { cwd: folder });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe('There is no "thaw cache emtpy": say thaw cache status or thaw cache clear.\n');
  });

  it('says where it cannot delete', async (context: TestContext) => {
    const folder = await project();
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '8m');
    await train(folder, 'run', { THAW_CACHE_DIR: disk });
    await makeReadOnly(disk);
    const result = await runCli(['cache', 'clear'], { cwd: folder, env: { THAW_CACHE_DIR: disk } });
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain(join(disk, 'features'));
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
