/** What the two sides of the benchmark tell the script, and what is measured. Both sides print it as their last line. */

/** Images in a batch, height and width of an image, classes of the head. */
export const BATCH = 16;
export const IMAGE_SIZE = 224;
export const CLASSES = 10;

/** Learning rate of everything that trains, on both sides. */
export const LEARNING_RATE = 1e-4;

/** Files in the folder of the benchmark. */
export const TENSOR_FILE = 'network.safetensors';

/** Names of the tensors in it that are no weights. */
export const IMAGES = 'images';

export const STAGES = ['forward', 'head', 'lastBlock', 'lastThird', 'lastTwoThirds', 'all'] as const;

/**
 * `forward`: the frozen part; `head`: cached head epoch; `lastBlock`: from block_16 on; `lastThird`: from block_11 on;
 * `lastTwoThirds`: from block_6 on; `all`: every layer.
 */
export type Stage = (typeof STAGES)[number];

/** Who computes: the two engines of Thaw, and Keras. */
export const SIDES = ['portable', 'native', 'peer'] as const;
export type Side = (typeof SIDES)[number];

/** What Keras does by itself, which has no counterpart here: batch normalization with the statistics of the batch. */
export const PEER_ONLY = 'allAdapting';

/** Time that a kernel takes of a step. */
export interface KernelShare {
  kernel: string;
  calls: number;
  milliseconds: number;
  /** Of the whole step, 0 to 1. */
  share: number;
}

export interface StageResult {
  stage: Stage | typeof PEER_ONLY;
  /** Milliseconds per image, one value for each repetition; warm-up left out. */
  milliseconds: number[];
  /** Largest resident memory of the process in bytes. */
  peakBytes: number;
  /** What both sides must agree on: mean and root mean square of the features, or the losses of the first two steps. */
  check: number[];
  /** What computes, with its version. */
  version: string;
  /** Images computed at a time, less than the batch where memory did not suffice. */
  microBatch?: number;
  profile?: KernelShare[];
}
