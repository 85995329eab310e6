import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { type Augmentation, resolveAugmentation } from '../../shared/augmentation.ts';
import { epochOrder } from '../../shared/epochOrder.ts';
import { ThawError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { Random } from '../../shared/random.ts';
import { EVALUATION_BATCH } from '../../shared/predictMemory.ts';
import { headRate } from '../../shared/trainableLayers.ts';
import { plateauFactor, resolveSchedule, scheduleFactor } from '../../shared/schedule.ts';
import { median } from '../../shared/statistics.ts';
import type { Engine } from '../engine/engine.ts';
import { HeapExhausted } from '../engine/portable/memoryGuard.ts';
import { CompiledSteps, weightsRead } from '../execution/compiledSteps.ts';
import { CachedFeatures, type CacheStatistics, type FixedAugmentation } from './cachedFeatures.ts';
import type { Position } from './checkpoint.ts';
import type { ExampleSet } from './examples.ts';
import type { FeatureDisk } from './featureDisk.ts';
import { type FeatureBatch, type FeatureSource, LiveFeatures, type Prefix, prefixOf } from './featureSource.ts';
import type { MetricsLog } from './metricsLog.ts';
import { hasWeights } from './featureKeys.ts';
import { boundaryOf, openPhaseDisk, rowBytes } from './phaseDisk.ts';
import type { PhaseProgram } from './phaseProgram.ts';
import type { TrainingSetup } from './trainingSetup.ts';
import { throttled } from './throttled.ts';
import { type BatchResult, BatchTrainer, scoreLogits } from './trainBatch.ts';

/** Features kept in memory at most: a third of the machine's memory, and never over 6 GB, or THAW_FEATURE_LIMIT_MB. */
export const FEATURE_LIMIT_BYTES = 1e6 * Number(process.env.THAW_FEATURE_LIMIT_MB ?? Math.min(6000, totalmem() / 3e6));

export interface EvaluationSums {
  lossSum: number;
  correct: number;
  count: number;
}

export interface EpochOutcome {
  train: EvaluationSums;
  /** Null where the run was interrupted before the end of the epoch. */
  validation: EvaluationSums | null;
}

/** Runs the epochs of one phase: owns its features and the trainer of its batches. */
export class PhaseRunner {
  private readonly batches: BatchTrainer;
  private readonly prefix: Prefix;
  /** Values at the cut to logits, with the weights of the moment. */
  private readonly judge: CompiledSteps;
  private readonly augmentation: Augmentation;
  private readonly caches: CachedFeatures[] = [];
  private disk: FeatureDisk | null = null;
  private sources: { train: FeatureSource; validation: FeatureSource } | null = null;
  private stepSeconds: number[] = [];
  private evaluationBatch = EVALUATION_BATCH;

  constructor(
    private readonly engine: Engine,
    private readonly setup: TrainingSetup,
    private readonly program: PhaseProgram,
    private readonly phase: number,
    private readonly log: MetricsLog,
    private readonly signal: AbortSignal,
    microBatch: number,
  ) {
    this.augmentation = resolveAugmentation(setup.plan.augment);
    this.prefix = prefixOf(engine, program);
    const { suffix: steps, boundary: given, constants, sequence } = program;
    const stretch = { steps, given, wanted: [sequence.output], constants };
    this.judge = new CompiledSteps(engine, stretch, weightsRead(steps, constants));
    this.batches = new BatchTrainer(engine, program, microBatch, (smaller) =>
      this.warn('smallerMicroBatch', `Memory is short: batches are computed in parts of ${smaller} from here on.`),
    );
  }

  /** Images computed at a time at most. */
  get microBatch(): number {
    return this.batches.microBatch;
  }

  /** Gives back what the engine keeps for this phase, and lets go of the files of the cache. */
  async dispose(): Promise<void> {
    this.batches.dispose();
    this.judge.dispose();
    this.prefix.compiled.dispose();
    await this.disk?.close();
  }

  private get name(): string {
    return this.setup.plan.phases[this.phase].name;
  }

  private warn(code: string, text: string): void {
    this.log.event({ event: 'warning', code, text });
  }

  /** Name of the last layer whose values for the training images are kept; null where none are. */
  get cachedTo(): string | null {
    const { augmentation, program, setup } = this;
    const isKept = isFixed(augmentation) && this.placeOf(setup.data.train, augmentation) !== null;
    return isKept ? program.cachedTo : null;
  }

  get cacheStatistics(): CacheStatistics {
    const total = { hits: 0, misses: 0, fromDisk: 0, bytes: 0 };
    for (const { statistics } of this.caches) {
      total.hits += statistics.hits;
      total.misses += statistics.misses;
      total.fromDisk += statistics.fromDisk;
      total.bytes += statistics.bytes;
    }
    return total;
  }

  /** Decodes the images and computes what is constant in this phase. Throws where a class is left without images. */
  async prepare(): Promise<void> {
    const { train, validation, classes } = this.setup.data;
    const before = train.problems.length + validation.problems.length;
    const emit = throttled((done: number, total: number, bytes: number) =>
      this.log.event({ event: 'cache', phase: this.name, done, total, bytes }),
    );
    const total = train.usable.length + validation.usable.length;
    const first = { done: 0, bytes: 0 };
    this.disk = await openPhaseDisk(this.engine, this.setup, this.prefix);
    const trainSource = await this.open(train, this.augmentation, (done, bytes) => {
      Object.assign(first, { done, bytes });
      emit(done, total, bytes);
    });
    const validationSource = await this.open(validation, resolveAugmentation('none'), (done, bytes) =>
      emit(first.done + done, total, first.bytes + bytes),
    );
    const unkept = this.setup.data.contents.folder?.takeWarning();
    if (unkept) this.warn('featuresNotKept', unkept);
    const problems = [...train.problems, ...validation.problems];
    if (problems.length > before) this.reportUnreadable(problems);
    train.requireEveryClass(classes);
    if (validation.usable.length === 0) validation.requireEveryClass(classes);
    this.sources = { train: trainSource, validation: validationSource };
  }

  private reportUnreadable(problems: { file: string; problem: string }[]): void {
    const folder = this.setup.dataFolder;
    if (!existsSync(folder)) throw new ThawError({ reason: 'dataVanished', path: folder });
    const [first] = problems;
    const text = `${problems.length} image${problems.length === 1 ? ' was' : 's were'} left out; the first is ${first.file}: ${first.problem}.`;
    this.warn('unreadableImages', text);
  }

  private async open(
    set: ExampleSet,
    augmentation: Augmentation,
    onProgress: (done: number, bytes: number) => void,
  ): Promise<FeatureSource> {
    const { program, engine, setup, prefix, disk } = this;
    const live = new LiveFeatures(engine, prefix, set, setup.network.input, augmentation);
    if (isFixed(augmentation) && program.prefix.length > 0) {
      const bytes = this.featureBytes(set, augmentation);
      const place = this.placeOf(set, augmentation);
      if (place) {
        const boundary = boundaryOf(prefix, setup.network.input);
        const kept = this.fitsDisk(bytes) ? disk : null;
        const settings = { boundary, augmentation, seed: setup.plan.seed, disk: kept, onDiskOnly: place === 'disk' };
        const cache = new CachedFeatures(engine, set, live, settings);
        await cache.fill(set.usable, (progress) => onProgress(progress.done, progress.bytes), this.signal);
        this.caches.push(cache);
        if (!cache.isLost) return cache;
      }
      this.warn(
        'cacheTooLarge',
        `The features of the frozen layers (${formatBytes(bytes)}) fit neither into memory nor into the cache on the disk and are computed anew in every epoch.`,
      );
    }
    let done = 0;
    for await (const image of set.read(set.usable, { signal: this.signal }))
      onProgress(++done, image.pixels.byteLength * done);
    return live;
  }

  /** Where the features of a set fit: in memory, else on the disk, else nowhere. */
  private placeOf(set: ExampleSet, augmentation: FixedAugmentation): 'memory' | 'disk' | null {
    const bytes = this.featureBytes(set, augmentation);
    if (bytes <= FEATURE_LIMIT_BYTES) return 'memory';
    return this.fitsDisk(bytes) && hasWeights(this.program.prefix) ? 'disk' : null;
  }

  private fitsDisk(bytes: number): boolean {
    const { folder } = this.setup.data.contents;
    return folder !== null && bytes <= folder.limitBytes;
  }

  /** Bytes of the values at the cut for all variants of a set. */
  private featureBytes(set: ExampleSet, { variants }: FixedAugmentation): number {
    return rowBytes(boundaryOf(this.prefix, this.setup.network.input)) * set.usable.length * variants;
  }

  /** One epoch from `position.step` on, then validation. Leaves `position` at the last finished step when interrupted. */
  async runEpoch(position: Position): Promise<EpochOutcome> {
    const { plan, data } = this.setup;
    if (!this.sources) throw new Error('the phase is not prepared');
    const { epochs, schedule: setting } = plan.phases[this.phase];
    const schedule = resolveSchedule(setting);
    const plateau = plateauFactor(schedule, position.phaseLosses);
    const stream = `${this.phase}/${position.epochInPhase}`;
    const order = epochOrder(
      data.train.usable,
      (image) => data.train.examples[image].classIndex,
      plan.sampling,
      Random.seeded(plan.seed, `shuffle/${stream}`),
    );
    const random = Random.seeded(plan.seed, `steps/${stream}`);
    if (position.random) random.restore(position.random);
    const steps = Math.ceil(order.length / plan.batchSize);
    while (position.step < steps) {
      await nextTurn();
      if (this.signal.aborted) {
        position.random = random.save();
        return { train: position.partial, validation: null };
      }
      const indexes = order.slice(position.step * plan.batchSize, (position.step + 1) * plan.batchSize);
      const step = position.epochInPhase * steps + position.step;
      const factor = plateau * scheduleFactor(schedule, step, epochs * steps);
      const started = performance.now();
      const result = await this.trainOn(indexes, random, factor);
      this.addStep(position, { ...result, learningRate: factor * headRate(plan, this.phase) }, steps, started);
    }
    const train = { ...position.partial };
    return { train, validation: await this.evaluate(this.sources.validation, data.validation) };
  }

  private addStep(
    position: Position,
    result: BatchResult & { learningRate: number },
    steps: number,
    started: number,
  ): void {
    position.step++;
    if (!Number.isFinite(result.lossSum)) {
      throw new ThawError({ reason: 'notFinite', epoch: position.epochs + 1, step: position.step });
    }
    position.partial.lossSum += result.lossSum;
    position.partial.correct += result.correct;
    position.partial.count += result.count;
    this.stepSeconds.push((performance.now() - started) / 1000);
    this.log.step({
      phase: this.name,
      epoch: position.epochs + 1,
      step: position.step,
      steps,
      ...result,
      secondsLeft: this.secondsLeft(position, steps),
    });
  }

  /** Time the rest of this phase takes at the median pace so far; the first step is slower than all others. */
  private secondsLeft(position: Position, steps: number): number | null {
    const recent = this.stepSeconds.slice(Math.max(1, this.stepSeconds.length - 50));
    if (recent.length === 0) return null;
    const epochsLeft = this.setup.plan.phases[this.phase].epochs - position.epochInPhase;
    return median(recent) * (epochsLeft * steps - position.step);
  }

  private async trainOn(indexes: readonly number[], random: Random, rateFactor: number): Promise<BatchResult> {
    const { plan, data, classWeights } = this.setup;
    if (!this.sources) throw new Error('the phase is not prepared');
    const batch = await this.sources.train.batch(indexes, random);
    try {
      this.noticeMissing(batch, indexes.length, data.train);
      return await this.batches.train(
        batch.values,
        {
          labels: batch.indexes.map((index) => data.train.examples[index].classIndex),
          classWeights,
          labelSmoothing: plan.labelSmoothing,
          rateFactor,
        },
        random,
      );
    } finally {
      tf.dispose([...batch.values.values()]);
    }
  }

  /** Images that do not fit into memory are read again in every epoch, and may be gone by then. */
  private noticeMissing(batch: FeatureBatch, asked: number, set: ExampleSet): void {
    if (batch.indexes.length === asked) return;
    const { data } = this.setup;
    this.reportUnreadable(set.problems);
    if (set === data.train) set.requireEveryClass(data.classes);
    const [first] = set.problems;
    if (batch.indexes.length === 0)
      throw new ThawError({ reason: 'imageUnreadable', path: first.file, detail: first.problem });
  }

  private async evaluate(source: FeatureSource, set: ExampleSet): Promise<EvaluationSums> {
    const sums: EvaluationSums = { lossSum: 0, correct: 0, count: 0 };
    const indexes = set.usable;
    for (let start = 0; start < indexes.length;) {
      const part = indexes.slice(start, start + this.evaluationBatch);
      try {
        const { lossSum, correct, count } = await this.evaluateBatch(source, set, part);
        sums.lossSum += lossSum;
        sums.correct += correct;
        sums.count += count;
        start += part.length;
      } catch (error) {
        if (!(error instanceof HeapExhausted) || part.length === 1) throw error;
        this.evaluationBatch = Math.ceil(part.length / 2);
      }
      await nextTurn();
    }
    return sums;
  }

  private async evaluateBatch(source: FeatureSource, set: ExampleSet, indexes: number[]): Promise<EvaluationSums> {
    const { engine } = this;
    const batch = await source.batch(indexes, null);
    try {
      this.noticeMissing(batch, indexes.length, set);
      const [logits] = this.judge.run(batch.values);
      const labels = batch.indexes.map((index) => set.examples[index].classIndex);
      const score = scoreLogits(await engine.read(logits), labels);
      logits.dispose();
      return { ...score, count: labels.length };
    } finally {
      tf.dispose([...batch.values.values()]);
    }
  }
}

function isFixed(augmentation: Augmentation): augmentation is FixedAugmentation {
  return augmentation.variants !== 'recompute';
}
