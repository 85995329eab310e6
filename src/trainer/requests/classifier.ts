import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { ModelFiles } from '../../node/modelFiles.ts';
import { ThawError } from '../../shared/errors.ts';
import type { InputSettings } from '../../shared/plan.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import type { Engine } from '../engine/engine.ts';
import { HeapExhausted } from '../engine/portable/memoryGuard.ts';
import { CompiledSteps } from '../execution/compiledSteps.ts';
import { firstRows, FixedBatch } from '../execution/fixedBatch.ts';
import { FoldedConstants, inferSteps } from '../execution/runSteps.ts';
import { compileSteps, type StepSequence } from '../execution/steps.ts';
import { loadNetwork } from '../model/loadNetwork.ts';
import { inputTensor, type NetworkInput } from '../training/inputTensor.ts';

/** A trained network with its labels, ready to classify images. */
export class Classifier {
  private readonly compiled: CompiledSteps;
  private readonly fixed: FixedBatch;

  private constructor(
    private readonly engine: Engine,
    private readonly model: tfl.LayersModel,
    private readonly sequence: StepSequence,
    private readonly constants: FoldedConstants,
    readonly classes: string[],
    private readonly input: NetworkInput,
    /** How images are decoded for it. */
    readonly decode: DecodeSettings,
  ) {
    const stretch = { steps: sequence.steps, given: [sequence.input], wanted: [sequence.output], constants };
    this.compiled = new CompiledSteps(engine, stretch, []);
    this.fixed = new FixedBatch(engine);
  }

  /** Throws `modelNoLabels` for a model that does not name its classes, and what `loadNetwork` throws. */
  static async open(engine: Engine, files: ModelFiles, stated?: InputSettings): Promise<Classifier> {
    const { model, labels, inputShape } = await loadNetwork(files);
    const classes = model.outputs[0].shape[model.outputs[0].shape.length - 1];
    if (!labels || labels.length !== classes) throw new ThawError({ reason: 'modelNoLabels', path: files.directory });
    const settings = files.metadata?.preprocessing ?? stated;
    if (!settings) {
      const detail = 'its metadata.json does not say in which value range it expects images ("preprocessing")';
      throw new ThawError({ reason: 'modelUnsupported', path: files.directory, detail });
    }
    const [height, width, channels] = inputShape;
    const sequence = compileSteps(model);
    return new Classifier(
      engine,
      model,
      sequence,
      new FoldedConstants(sequence.steps),
      labels,
      { height, width, channels, range: settings.range },
      { height, width, channels: channels === 1 ? 'gray' : settings.channels, resize: settings.resize },
    );
  }

  /** Probabilities [classes] of each decoded image. Images that do not fit into memory together are taken in parts. */
  async classify(images: readonly Uint8Array[]): Promise<Float32Array[]> {
    try {
      return await this.classifyTogether(images);
    } catch (error) {
      if (!(error instanceof HeapExhausted) || images.length === 1) throw error;
      const half = Math.ceil(images.length / 2);
      return [...(await this.classify(images.slice(0, half))), ...(await this.classify(images.slice(half)))];
    }
  }

  /** Frees its weights; it can classify no more. */
  dispose(): void {
    this.compiled.dispose();
    this.constants.dispose();
    this.model.dispose();
  }

  /** Probabilities [count, classes] of the first images of a batch. A single image is not worth being compiled for. */
  private run(batch: tf.Tensor, count: number): tf.Tensor {
    const { steps, input, output } = this.sequence;
    const given = new Map([[input, batch]]);
    if (batch.shape[0] === 1) return inferSteps(this.engine, steps, given, [output], this.constants)[0];
    return firstRows(this.compiled.run(given)[0], count);
  }

  private async classifyTogether(images: readonly Uint8Array[]): Promise<Float32Array[]> {
    const batch = inputTensor(this.fixed.filled(images, Infinity), this.input);
    try {
      const probabilities = this.run(batch, images.length);
      const values = await this.engine.read(probabilities);
      probabilities.dispose();
      const size = this.classes.length;
      return images.map((_, index) => values.slice(index * size, (index + 1) * size));
    } finally {
      batch.dispose();
    }
  }
}
