import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { BUNDLE_ALIASES } from '../../scripts/lib/bundleAliases.mjs';
import type { DecodeSettings } from '../../src/trainer/data/decodeImage.ts';
import { ROOT } from './provision.ts';

/** Prints which sharp it found, then the pixels of every file and setting, all in Base64. */
const PROGRAM = `
  import sharp from 'sharp';
  import { decodeImage } from './decodeImage.mjs';
  const pixels = [];
  for (const [file, settings] of JSON.parse(process.argv[2])) {
    pixels.push(Buffer.from(await decodeImage(file, settings)).toString('base64'));
  }
  console.log(JSON.stringify({ portable: sharp.versions.emscripten !== undefined, pixels }));`;

interface Decoded {
  /** Whether WebAssembly decoded, and not native code. */
  portable: boolean;
  pixels: Uint8Array[];
}

/** Decodes images with Thaw's own function in a process of its own, with the packages of a packed extension. */
export async function decodeAsPacked(extension: string, work: [file: string, DecodeSettings][]): Promise<Decoded> {
  const programs = join(extension, 'dist');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/trainer/data/decodeImage.ts'],
    outfile: join(programs, 'decodeImage.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['sharp'],
    alias: BUNDLE_ALIASES,
    logLevel: 'error',
  });
  const program = join(programs, 'decodeAll.mjs');
  await writeFile(program, PROGRAM);
  const options = { env: { ...process.env, NODE_PATH: '' }, maxBuffer: 2 ** 28 };
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(work)], options);
  const { portable, pixels } = JSON.parse(stdout) as { portable: boolean; pixels: string[] };
  return { portable, pixels: pixels.map((each) => Buffer.from(each, 'base64')) };
}
