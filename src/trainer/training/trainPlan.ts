import { writeFileAtomic } from '../../node/atomicFile.ts';
import { requireSpace, type RunFolder } from '../../node/runFolder.ts';
import type { TensorMap } from '../../node/safetensors.ts';
import type { SavedMetadata } from '../../shared/modelMetadata.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import type { PlanChange } from '../../shared/planEdits.ts';
import type { Best, TrainEvent, TrainResult } from '../../shared/results.ts';
import { wilsonInterval } from '../../shared/statistics.ts';
import { THAW_VERSION } from '../../shared/version.ts';
import type { Engine } from '../engine/engine.ts';
import { saveNetwork } from '../model/saveNetwork.ts';
import type { OptimizerState } from '../optimizers/slotOptimizer.ts';
import { type Position, readCheckpoint, startPosition, writeCheckpoint } from './checkpoint.ts';
import { MetricsLog } from './metricsLog.ts';
import { MicroBatchChoice } from './microBatch.ts';
import { copyWeights, movementByBlock, restoreWeights } from './networkWeights.ts';
import { compilePhase, type PhaseProgram } from './phaseProgram.ts';
import { PlanSequence } from './planSequence.ts';
import { type EpochOutcome, PhaseRunner } from './phaseRunner.ts';
import { changingLayers, trainableParameters, type TrainingSetup } from './trainingSetup.ts';

/** What training needs besides the plan's own content. */
export interface TrainingContext {
  engine: Engine;
  /** Why it is this engine, in words. */
  engineReason: string;
  setup: TrainingSetup;
  run: RunFolder;
  resume: boolean;
  /** Bytes that the process may take. */
  memoryBudgetBytes: number;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
  /** Calls `listener` with every plan that the run is to take over at its next epoch, as far as it can. */
  onChange?: (listener: (plan: Plan) => void) => void;
  /** Compares the saved model with its source in another process. */
  proveFreeze: () => Promise<TrainResult['freezeProof']>;
}

/**
 * Trains a plan from its start or from the run's checkpoint, phase by phase, and saves the best weights as a model.
 * Aborting the signal ends it after the current step with a checkpoint; the result then says `interrupted`.
 */
export async function trainPlan(context: TrainingContext): Promise<TrainResult> {
  return new Training(context).run();
}

class Training {
  private readonly log: MetricsLog;
  /** Layers that train at some time of the run. */
  private readonly changing = new Set<string>();
  /** Their weights at the start of the run. */
  private readonly start: TensorMap = new Map();
  private readonly plans: PlanSequence;
  private readonly microBatches: MicroBatchChoice;
  private best: TensorMap = new Map();
  private position: Position = startPosition();
  /** What the optimizers had when the checkpoint was written; empty at the start of a phase. */
  private optimizerState: OptimizerState = new Map();
  private startedAt = performance.now();
  private cache = { hits: 0, misses: 0, fromDisk: 0, bytes: 0 };
  private damagedCheckpoints: readonly string[] = [];

  constructor(private readonly context: TrainingContext) {
    this.log = new MetricsLog(context.run, context.emit);
    this.plans = new PlanSequence(context);
    this.microBatches = new MicroBatchChoice(context.setup, context.engine, context.memoryBudgetBytes);
    this.cover();
  }

  /** Takes in the layers that the plan lets train, before they have changed. */
  private cover(): void {
    const { setup } = this.context;
    const added = [...changingLayers(setup)].filter((layer) => !this.changing.has(layer));
    for (const layer of added) this.changing.add(layer);
    for (const [name, tensor] of copyWeights(setup.network.model, added)) {
      this.start.set(name, tensor);
      if (this.best.size > 0) this.best.set(name, tensor);
    }
  }

  async run(): Promise<TrainResult> {
    await this.requireSpace();
    await this.resume();
    this.emitStart();
    const interrupted = await this.runPhases();
    if (this.position.best === null) return this.result('interrupted', null);
    await this.saveBest();
    const proof = await this.context.proveFreeze();
    const stopped = interrupted ? 'interrupted' : this.position.stoppedEarly ? 'earlyStopped' : 'finished';
    const result = this.result(stopped, proof);
    await writeFileAtomic(this.context.run.reportPath, JSON.stringify(result, null, 2));
    return result;
  }

  /** Returns whether the run was interrupted. A run whose loss became infinite keeps the best weights before that. */
  private async runPhases(): Promise<boolean> {
    const { setup, signal } = this.context;
    try {
      while (this.position.phase < setup.plan.phases.length) {
        if (signal.aborted) return true;
        await this.takeOver();
        if ((await this.runPhase()) === 'interrupted') return true;
      }
      return false;
    } catch (error) {
      const diverged = error instanceof ThawError && error.problem.reason === 'notFinite';
      if (diverged && this.position.best !== null) await this.saveBest();
      throw error;
    }
  }

  private async saveBest(): Promise<void> {
    const { setup, run } = this.context;
    restoreWeights(setup.network.model, this.best);
    await saveNetwork(setup.network.model, run.modelPath, this.metadata());
  }

  /** Model and three checkpoints (two stay until the new one is whole), each of weights, best weights and two slots. */
  private async requireSpace(): Promise<void> {
    const { network } = this.context.setup;
    const changing = [...this.start.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
    await requireSpace(this.context.run.path, network.totalParameters * 4 + 3 * 4 * changing + 1_000_000);
  }

  private async resume(): Promise<void> {
    const { run, resume, setup } = this.context;
    if (!resume) return;
    const { checkpoint, damaged } = await readCheckpoint(run);
    const position = checkpoint?.position ?? startPosition();
    run.filterMetrics((line) => isBefore(line, position));
    this.damagedCheckpoints = damaged;
    await this.plans.resume(position.epochs);
    this.cover();
    if (!checkpoint) return;
    this.position = position;
    // What was taken over just after the checkpoint may need another division.
    if (this.plans.madeAfter(position.epochs) && position.step === 0) delete position.microBatch;
    this.best = checkpoint.best;
    this.optimizerState = checkpoint.optimizers;
    restoreWeights(setup.network.model, checkpoint.weights);
  }

  /** What was lost of the run's state, and where it goes on instead; the result is the same. */
  private warnOfDamage(): void {
    const [first] = this.damagedCheckpoints;
    if (first === undefined) return;
    const { epochs } = this.position;
    const instead = epochs > 0 ? `the checkpoint before, after epoch ${epochs}` : 'the start';
    const text = `The newest checkpoint cannot be used (${first}), so the run goes on from ${instead}.`;
    this.log.event({ event: 'warning', code: 'checkpointDamaged', text });
  }

  private emitStart(): void {
    const { setup, engine, engineReason, run, resume } = this.context;
    this.log.event({
      event: 'start',
      run: run.path,
      engine: engine.name,
      engineReason,
      images: { train: setup.data.train.examples.length, validation: setup.data.validation.examples.length },
      classes: setup.data.classes,
      epochs: setup.plan.phases.reduce((sum, phase) => sum + phase.epochs, 0),
      trainableParameters: trainableParameters(setup),
      totalParameters: setup.network.totalParameters,
      resumed: resume && this.position.epochs + this.position.step > 0,
      memoryBudgetBytes: this.context.memoryBudgetBytes,
    });
    this.warnOfDamage();
    this.tellChanges(this.plans.madeAfter(this.position.epochs));
    if (setup.data.problems.length > 0) {
      const [first] = setup.data.problems;
      const count = setup.data.problems.length;
      const text = `${count} file${count === 1 ? ' is' : 's are'} not used; the first is ${first.file}: ${first.problem}.`;
      this.log.event({ event: 'warning', code: 'unusedFiles', text });
    }
    for (const warning of setup.data.warnings) this.log.event({ event: 'warning', ...warning });
  }

  /** Takes over a plan that was changed; returns whether there was one. */
  private async takeOver(): Promise<boolean> {
    const changes = await this.plans.next(this.position.epochs, (text) =>
      this.log.event({ event: 'warning', code: 'changeRefused', text }),
    );
    if (!changes) return false;
    delete this.position.microBatch;
    this.cover();
    this.tellChanges(changes);
    return true;
  }

  private tellChanges(changes: PlanChange[] | null): void {
    if (!changes) return;
    const { setup } = this.context;
    const { epochs: epoch } = this.position;
    this.log.event({ event: 'change', epoch, changes, trainableParameters: trainableParameters(setup) });
  }

  /** `changed` where the plan was changed in the middle of the phase, which then goes on under the new one. */
  private async runPhase(): Promise<'done' | 'interrupted' | 'changed'> {
    const { engine, setup, signal } = this.context;
    const { phase } = this.position;
    const settings = setup.plan.phases[phase];
    const program = compilePhase(setup.plan, phase, setup.network);
    for (const optimizer of program.optimizers) optimizer.restore(this.optimizerState);
    const { size, warnings } = this.microBatches.choose(phase);
    const microBatch = Math.min(this.position.microBatch ?? size, setup.plan.batchSize);
    const runner = new PhaseRunner(engine, setup, program, phase, this.log, signal, microBatch);
    try {
      this.log.event({
        event: 'phase',
        phase: settings.name,
        index: phase,
        epochs: settings.epochs,
        trainable: setup.network.blocks
          .filter(({ layers }) => layers.some((name) => program.trainable.has(name)))
          .map(({ name }) => name),
        trainableParameters: program.trainableParameters,
        cachedTo: runner.cachedTo,
        microBatch,
      });
      for (const warning of warnings) this.log.event({ event: 'warning', ...warning });
      try {
        await runner.prepare();
      } catch (error) {
        if (signal.aborted) return 'interrupted';
        throw error;
      }
      return await this.runEpochs(runner, program);
    } finally {
      this.addCache(runner);
      await runner.dispose();
      program.dispose();
    }
  }

  private addCache(runner: PhaseRunner): void {
    const { hits, misses, fromDisk, bytes } = runner.cacheStatistics;
    this.cache = {
      hits: this.cache.hits + hits,
      misses: this.cache.misses + misses,
      fromDisk: this.cache.fromDisk + fromDisk,
      bytes: Math.max(this.cache.bytes, bytes),
    };
  }

  private async runEpochs(runner: PhaseRunner, program: PhaseProgram): Promise<'done' | 'interrupted' | 'changed'> {
    const { setup, run } = this.context;
    const { position } = this;
    const settings = setup.plan.phases[position.phase];
    const patience = setup.plan.earlyStopping?.patience ?? Infinity;
    while (position.epochInPhase < settings.epochs && position.epochsSinceBest < patience) {
      const started = performance.now();
      const outcome = await runner.runEpoch(position);
      position.microBatch = runner.microBatch;
      if (!outcome.validation) {
        await this.checkpoint(program);
        return 'interrupted';
      }
      this.finishEpoch(outcome, settings.name, (performance.now() - started) / 1000);
      await this.checkpoint(program);
      this.log.event({ event: 'checkpoint', epoch: position.epochs, path: run.checkpointPath });
      const goesOn = position.epochInPhase < settings.epochs && position.epochsSinceBest < patience;
      if (goesOn && (await this.takeOver())) {
        this.optimizerState = stateOf(program);
        return 'changed';
      }
    }
    this.nextPhase(position.epochInPhase < settings.epochs);
    return 'done';
  }

  /** The next phase starts from the best weights so far, unless it says otherwise, with fresh optimizers. */
  private nextPhase(stoppedEarly: boolean): void {
    const { network, plan } = this.context.setup;
    const phase = this.position.phase + 1;
    delete this.position.microBatch;
    if (plan.phases.at(phase)?.restoreBest !== false) restoreWeights(network.model, this.best);
    Object.assign(this.position, {
      phase,
      epochInPhase: 0,
      phaseLosses: [],
      epochsSinceBest: 0,
      stoppedEarly,
    });
    this.optimizerState = new Map();
  }

  private finishEpoch({ train, validation }: EpochOutcome, phase: string, seconds: number): void {
    if (!validation || validation.count === 0)
      throw new ThawError({ reason: 'dataVanished', path: this.context.setup.dataFolder });
    const { setup } = this.context;
    const { position } = this;
    const validationLoss = validation.lossSum / validation.count;
    const { low, high } = wilsonInterval(validation.correct, validation.count);
    const epoch: Best = {
      epoch: position.epochs + 1,
      validationLoss,
      validationAccuracy: validation.correct / validation.count,
      n: validation.count,
      low,
      high,
    };
    const isBest = position.best === null || validationLoss < position.best.validationLoss;
    if (isBest) {
      position.best = epoch;
      this.best = copyWeights(setup.network.model, this.changing);
    }
    const improved = position.phaseLosses.every((before) => validationLoss < before);
    this.log.event({
      event: 'epoch',
      phase,
      ...epoch,
      epochs: setup.plan.phases.reduce((sum, { epochs }) => sum + epochs, 0),
      loss: train.lossSum / train.count,
      accuracy: train.correct / train.count,
      seconds,
      best: isBest,
      movement: movementByBlock(setup.network, this.start),
    });
    Object.assign(position, {
      epochs: position.epochs + 1,
      epochInPhase: position.epochInPhase + 1,
      step: 0,
      random: null,
      partial: { lossSum: 0, correct: 0, count: 0 },
      phaseLosses: [...position.phaseLosses, validationLoss],
      epochsSinceBest: improved ? 0 : position.epochsSinceBest + 1,
    });
  }

  private async checkpoint(program: PhaseProgram): Promise<void> {
    const seconds = this.position.seconds + this.elapsed();
    this.startedAt = performance.now();
    this.position.seconds = seconds;
    // No step that the checkpoint holds may be missing in the metrics of the resumed run.
    this.log.flush();
    await writeCheckpoint(this.context.run, {
      position: this.position,
      weights: copyWeights(this.context.setup.network.model, this.changing),
      best: this.best,
      optimizers: stateOf(program),
    });
  }

  private elapsed(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  private result(stopped: TrainResult['stopped'], freezeProof: TrainResult['freezeProof']): TrainResult {
    const { run, engine, engineReason, setup } = this.context;
    return {
      run: run.path,
      engine: engine.name,
      engineVersion: engine.version,
      engineReason,
      epochs: this.position.epochs,
      seconds: this.position.seconds + this.elapsed(),
      stopped,
      best: this.position.best,
      freezeProof,
      movement: movementByBlock(setup.network, this.start),
      cache: this.cache,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    };
  }

  private metadata(): SavedMetadata {
    const { network, plan } = this.context.setup;
    const { width, height } = network.input;
    return {
      labels: plan.head.classes,
      preprocessing: { ...plan.input, width, height },
      thaw: { version: THAW_VERSION },
    };
  }
}

/** What all optimizers of a phase keep, by weight and slot. */
function stateOf({ optimizers }: PhaseProgram): OptimizerState {
  return new Map(optimizers.flatMap((optimizer) => [...optimizer.save()]));
}

/** Whether a line of the metrics file was written before the checkpoint at `position`. */
function isBefore(line: Record<string, unknown>, position: Position): boolean {
  const epoch = Number(line.epoch ?? 0);
  if (line.event === 'step')
    return epoch <= position.epochs || (epoch === position.epochs + 1 && Number(line.step) <= position.step);
  if (line.event === 'epoch' || line.event === 'checkpoint') return epoch <= position.epochs;
  // Those made just after the checkpoint are told again.
  if (line.event === 'change') return epoch < position.epochs;
  return position.epochs + position.step > 0;
}
