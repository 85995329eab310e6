import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unpackSample } from '../../src/node/sampleProject.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { decodeImage, type DecodeSettings } from '../../src/trainer/data/decodeImage.ts';
import { photographs } from '../support/photograph.ts';
import { decodeAsPacked } from '../support/packedDecoder.ts';
import { ROOT } from '../support/provision.ts';
import { type CliResult, type JsonLine, runCli } from '../support/runCli.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { unpackedExtension } from '../support/vsix.ts';

/**
 * Grey levels by which WebAssembly may decode another pixel than native code. On Linux, x64, all were the same; native
 * code of other processors may round otherwise.
 */
const GREY_LEVELS = 2;
/** What so small a difference of the image changes a probability by. */
const PROBABILITY = 0.02;

const EPOCHS = 4;

/** A command of either build, by the path of its command line. */
async function thaw(cli: string | undefined, cwd: string, ...args: string[]): Promise<CliResult> {
  const result = await runCli([...args, '--engine', 'portable', '--json'], { cwd, cli, env: { NODE_PATH: '' } });
  expect([result.code, result.stderr]).toEqual([0, '']);
  return result;
}

/** The sample project in a folder of its own, with a plan that trains the head for a few epochs. */
async function sampleProject(media: string): Promise<{ folder: string; plan: string }> {
  const folder = await temporaryFolder();
  const plans = await unpackSample(media, folder);
  const plan = plans.find((path) => path.endsWith('digits-few.finetune.json')) ?? '';
  const content = JSON.parse(await readFile(plan, 'utf8')) as PlanInput;
  await writeFile(plan, JSON.stringify({ ...content, phases: [{ name: 'head', epochs: EPOCHS, unfreeze: [] }] }));
  return { folder, plan };
}

/** What each epoch came to. */
function figures({ lines }: CliResult): JsonLine[] {
  const keys = ['epoch', 'loss', 'validationLoss', 'validationAccuracy', 'n'];
  const epochs = lines.filter(({ event }) => event === 'epoch');
  return epochs.map((line) => Object.fromEntries(keys.map((key) => [key, line[key]])));
}

interface Prediction {
  top: { class: string; probability: number }[];
}

it('trains the sample project to the figures of the development build', async ({ skip }) => {
  const extension = await unpackedExtension(skip);
  const packed = await sampleProject(join(extension, 'media'));
  const development = await sampleProject(join(ROOT, 'media'));
  const args = ['--run', 'run'];
  const trained = await thaw(join(extension, 'dist', 'cli.js'), packed.folder, 'train', packed.plan, ...args);
  const expected = await thaw(undefined, development.folder, 'train', development.plan, ...args);
  expect(figures(trained)).toHaveLength(EPOCHS);
  // The images have the size of the network's input, so that nothing is resized and no pixel may differ.
  expect(figures(trained)).toEqual(figures(expected));
  expect(trained.json).toMatchObject({ stopped: 'finished', freezeProof: { changedTensors: 0 } });
  expect(trained.json.freezeProof).toEqual(expected.json.freezeProof);
});

it('answers as the development build does, for images of every format', async ({ skip }) => {
  const extension = await unpackedExtension(skip);
  const cli = join(extension, 'dist', 'cli.js');
  const { folder, plan } = await sampleProject(join(extension, 'media'));
  await thaw(cli, folder, 'train', plan, '--run', 'run');
  const files = await writeAll(folder, await photographs(1));
  const predict = async (by?: string): Promise<Prediction[]> =>
    (await thaw(by, folder, 'predict', 'run', ...files)).json.predictions as Prediction[];
  const [packed, development] = [await predict(cli), await predict()];
  expect(packed).toHaveLength(files.length);
  for (const [index, { top }] of packed.entries()) {
    const expected = probabilities(development[index]);
    expect([...probabilities({ top }).keys()].sort()).toEqual([...expected.keys()].sort());
    for (const { class: name, probability } of top) {
      expect(Math.abs(probability - (expected.get(name) ?? NaN)), files[index]).toBeLessThanOrEqual(PROBABILITY);
    }
  }
});

it('decodes every format to the same pixels without native code', async ({ skip }) => {
  const extension = await unpackedExtension(skip);
  const files = await writeAll(await temporaryFolder(), await photographs(2));
  const work = files.flatMap((file) => SETTINGS.map((settings): [string, DecodeSettings] => [file, settings]));
  const { portable, pixels } = await decodeAsPacked(extension, work);
  expect(portable).toBe(true);
  for (const [index, [file, settings]] of work.entries()) {
    const expected = await decodeImage(file, settings);
    expect(pixels[index]).toHaveLength(expected.length);
    const differences = expected.map((value, at) => Math.abs(value - pixels[index][at]));
    expect(Math.max(...differences), `${file} ${JSON.stringify(settings)}`).toBeLessThanOrEqual(GREY_LEVELS);
  }
});

const SETTINGS: DecodeSettings[] = [
  { width: 28, height: 28, channels: 'gray', resize: 'pad' },
  { width: 96, height: 96, channels: 'rgb', resize: 'crop' },
  { width: 224, height: 160, channels: 'rgb', resize: 'stretch' },
];

async function writeAll(folder: string, images: Record<string, Buffer>): Promise<string[]> {
  const files = Object.entries(images).map(([ending, content]) => ({ file: join(folder, `image.${ending}`), content }));
  for (const { file, content } of files) await writeFile(file, content);
  return files.map(({ file }) => file);
}

function probabilities({ top }: Prediction): Map<string, number> {
  return new Map(top.map(({ class: name, probability }) => [name, probability]));
}
