import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ThawError, type Problem } from '../shared/errors.ts';
import { readModelFiles } from './modelFiles.ts';

export interface FreezeProof {
  /** Number of tensors that had to stay as they were. */
  frozenTensors: number;
  /** Those that did not, by their name in the saved model. */
  changedTensors: string[];
}

export const freezeProofSchema = z.object({
  /** Paths of the two models (folder or model.json). */
  sourceModel: z.string(),
  savedModel: z.string(),
  /** Names of weights in the saved model, moving statistics included. */
  frozenNames: z.array(z.string()),
  /** From names in the saved model to names in the source, where they differ (`LoadedNetwork.sourceNames`). */
  sourceNames: z.record(z.string(), z.string()).optional(),
});

export type FreezeProofArguments = z.output<typeof freezeProofSchema>;

export type FreezeProofReply = { proof: FreezeProof } | { problem: Problem };

/**
 * SHA-256 of the float32 values of every weight of a model on disk, by name; quantised weights are dequantised first.
 * Throws what `readModelFiles` and `readWeights` throw.
 */
export async function hashTensors(modelJsonPath: string): Promise<Map<string, string>> {
  const files = await readModelFiles(modelJsonPath);
  const hashes = new Map<string, string>();
  for (const [name, { values }] of await files.readWeights()) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    hashes.set(name, createHash('sha256').update(bytes).digest('hex'));
  }
  return hashes;
}

/**
 * Compares frozen weights of a saved model with the model it came from, bit by bit and from the files alone. A name
 * that one of them lacks counts as changed.
 *
 * @param sourceNames From a name in the saved model to the name in the source, where they differ.
 */
export async function proveFreeze(
  sourceModel: string,
  savedModel: string,
  frozenNames: string[],
  sourceNames: ReadonlyMap<string, string> = new Map(),
): Promise<FreezeProof> {
  const before = await hashTensors(sourceModel);
  const after = await hashTensors(savedModel);
  const changedTensors = frozenNames.filter((name) => {
    const hash = after.get(name);
    return hash === undefined || hash !== before.get(sourceNames.get(name) ?? name);
  });
  return { frozenTensors: frozenNames.length, changedTensors };
}

/**
 * Runs `proveFreeze` in a process of its own, so that nothing the trainer holds in memory can take part in it.
 *
 * @param entry Path of the built `freezeProofMain`.
 * Throws the ThawError of `proveFreeze`, or trainerExited when the process ends without an answer.
 */
export async function runFreezeProof(entry: string, proofArguments: FreezeProofArguments): Promise<FreezeProof> {
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  try {
    const reply = await new Promise<FreezeProofReply>((resolve, reject) => {
      child.once('message', (message) => resolve(message as FreezeProofReply));
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new ThawError({ reason: 'trainerExited', code, signal })));
      child.send(proofArguments);
    });
    if ('problem' in reply) throw new ThawError(reply.problem);
    return reply.proof;
  } finally {
    child.kill();
  }
}
