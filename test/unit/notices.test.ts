import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { imagePackages, TARGETS } from '../../scripts/package/imagePackages.mjs';

const fileOf = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

it('names every package that is shipped, with its version', async () => {
  const { packages } = lockSchema.parse(JSON.parse(await fileOf('package-lock.json')));
  const notices = await fileOf('THIRD_PARTY_NOTICES.md');
  const missing = Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path, { version }]) => `| ${path.replace(/^.*node_modules\//, '')} | ${version ?? ''} |`)
    .filter((row) => !/^\| @(types|webgpu)\//.test(row) && !notices.includes(row));
  expect(missing, 'run node scripts/writeNotices.mjs').toEqual([]);
});

it('names the packages that decode images on any platform', async () => {
  const notices = await fileOf('THIRD_PARTY_NOTICES.md');
  const rows = [null, ...TARGETS]
    .flatMap((target) => imagePackages(target))
    .map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  expect(
    rows.filter((row) => !notices.includes(row)),
    'run node scripts/writeNotices.mjs',
  ).toEqual([]);
  for (const text of ['GNU LESSER GENERAL PUBLIC LICENSE', 'GNU GENERAL PUBLIC LICENSE', 'Independent JPEG Group']) {
    expect(notices).toContain(text);
  }
});

it('names the terms of the images', async () => {
  const notices = await fileOf('THIRD_PARTY_NOTICES.md');
  for (const text of ['MNIST', 'Creative Commons Attribution-Share Alike 3.0', 'Fashion-MNIST', 'Zalando SE']) {
    expect(notices).toContain(text);
  }
});

it('names what the native engine is made of', async () => {
  const { packages } = lockSchema.parse(JSON.parse(await fileOf('package-lock.json')));
  const notices = await fileOf('THIRD_PARTY_NOTICES.md');
  const names = ['@tensorflow/tfjs-node', 'google-protobuf', 'node-api-headers'];
  const rows = names.map((name) => `| ${name} | ${packages[`node_modules/${name}`]?.version ?? 'not locked'} |`);
  expect(
    rows.filter((row) => !notices.includes(row)),
    'run node scripts/writeNotices.mjs',
  ).toEqual([]);
});
