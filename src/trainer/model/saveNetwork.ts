import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { replaceDirectory, writeFileSynced } from '../../node/atomicFile.ts';
import type { SavedMetadata } from '../../shared/modelMetadata.ts';

/**
 * Saves a network as a LayersModel: model.json, weights.bin and metadata.json in `directory`, which is replaced as a
 * whole. Weights are stored under their `originalName`, which stays the same from load to load.
 *
 * Throws ThawError noSpace, readOnly, notPermitted or internal; what was in `directory` is then untouched.
 */
export async function saveNetwork(model: tfl.LayersModel, directory: string, metadata: SavedMetadata): Promise<void> {
  const { modelTopology, format, generatedBy, weightSpecs, weightData } = await artifactsOf(model);
  const modelJson = {
    format,
    generatedBy,
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
  };
  await replaceDirectory(directory, async (temporary) => {
    await writeFileSynced(join(temporary, 'weights.bin'), joined(weightData));
    await writeFileSynced(join(temporary, 'model.json'), JSON.stringify(modelJson));
    await writeFileSynced(join(temporary, 'metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);
  });
}

async function artifactsOf(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return artifacts;
}

function joined(data: tf.io.WeightData | undefined): Uint8Array {
  const parts = data === undefined ? [] : Array.isArray(data) ? data : [data];
  return Buffer.concat(parts.map((part) => new Uint8Array(part)));
}
