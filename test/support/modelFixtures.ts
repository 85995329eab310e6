import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FixtureWeight {
  name: string;
  shape: number[];
  dtype?: string;
  quantization?: object;
  group?: string;
}

export const denseTopology = {
  class_name: 'Model',
  config: { name: 'fixture', layers: [], input_layers: [], output_layers: [] },
};

/** A model.json with one weight file, without any help from TensorFlow. `changes` replace keys of model.json. */
export async function writeModelFolder(
  folder: string,
  weights: FixtureWeight[],
  bytes: Uint8Array,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const modelJson = {
    format: 'layers-model',
    modelTopology: denseTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map((weight) => ({ dtype: 'float32', ...weight })) }],
    ...changes,
  };
  await write(join(folder, 'model.json'), JSON.stringify(modelJson));
  await write(join(folder, 'weights.bin'), bytes);
  return folder;
}

/** Little-endian float32 bytes. */
export function floatBytes(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

async function write(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
}
