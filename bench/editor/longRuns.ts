import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../../src/node/atomicFile.ts';
import { RunFolder, type RunStatus, runsFolder } from '../../src/node/runFolder.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import type { Best, TrainEvent, TrainResult } from '../../src/shared/results.ts';
import { wilsonInterval } from '../../src/shared/statistics.ts';
import { THAW_VERSION } from '../../src/shared/version.ts';
import { MetricsLog } from '../../src/trainer/training/metricsLog.ts';

/** As many as the charts draw at once. */
export const LONG_RUNS = 8;
export const STEPS_OF_EPOCH = 100;
const PHASES = [
  { name: 'head', epochs: 50, unfreeze: [] },
  { name: 'all', epochs: 150 },
];
export const EPOCHS = PHASES.reduce((sum, { epochs }) => sum + epochs, 0);

const SEED = 42;
const BATCH = 16;
const VALIDATION_IMAGES = 400;
const SECONDS_OF_EPOCH = 2.4;
const FIRST_START = Date.UTC(2026, 0, 5, 9);
const ENGINE = 'portable';

/** One of several runs of a plan. */
interface LongRun {
  folder: RunFolder;
  plan: Plan;
  /** Blocks that train in the last phase. */
  blocks: string[];
  random: Random;
  startedAt: Date;
}

/**
 * Writes finished runs of a plan into its workspace, each with 20,000 seeded steps, through the trainer's own log of
 * metrics: files are what they would be had the plan trained for 200 epochs of 100 steps.
 *
 * @param plan the plan file as it is read
 * @param blocks blocks of its network, all of which train in the last phase
 * @returns names of the runs, newest first
 */
export async function writeLongRuns(
  workspace: string,
  planPath: string,
  plan: Plan,
  blocks: string[],
): Promise<string[]> {
  const names: string[] = [];
  const unfrozen = Object.fromEntries(blocks.map((block) => [block, { frozen: false, learningRate: 1e-4 }]));
  const trained: Plan = { ...plan, blocks: unfrozen, phases: PHASES, earlyStopping: null, batchSize: BATCH };
  for (let index = 0; index < LONG_RUNS; index++) {
    const startedAt = new Date(FIRST_START + index * 3_600_000);
    const name = `${basename(planPath, '.finetune.json')}-20260105-${String(9 + index).padStart(2, '0')}0000`;
    const folder = new RunFolder(join(runsFolder(workspace), name));
    const run = { folder, plan: trained, blocks, random: Random.seeded(SEED, `benchmark/run ${index}`), startedAt };
    await folder.create();
    await writeRun(run, planPath);
    names.unshift(name);
  }
  return names;
}

async function writeRun(run: LongRun, planPath: string): Promise<void> {
  const { folder, plan, startedAt } = run;
  const environment = {
    thaw: THAW_VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    plan: planPath,
    model: plan.model,
    engine: `${ENGINE} (generated)`,
  };
  await writeFileAtomic(folder.planPath, `${JSON.stringify(plan, null, 2)}\n`);
  await writeFileAtomic(folder.environmentPath, `${JSON.stringify(environment, null, 2)}\n`);
  const best = writeMetrics(run);
  const status: RunStatus = {
    state: 'finished',
    processId: process.pid,
    startedAt: startedAt.toISOString(),
    updatedAt: new Date(startedAt.getTime() + EPOCHS * SECONDS_OF_EPOCH * 1000).toISOString(),
  };
  await writeFile(folder.statusPath, JSON.stringify(status, null, 2));
  await writeFile(folder.reportPath, JSON.stringify(reportOf(run, best), null, 2));
}

/** Writes `metrics.jsonl` and returns the best epoch. */
function writeMetrics(run: LongRun): Best {
  const { folder, plan, blocks } = run;
  const log = new MetricsLog(folder, () => undefined);
  log.event(startOf(run));
  let best: Best | null = null;
  let epoch = 0;
  for (const [index, phase] of plan.phases.entries()) {
    const trainable = index === 0 ? [] : blocks;
    const cachedTo = index === 0 ? 'features' : null;
    log.event({
      event: 'phase',
      phase: phase.name,
      index,
      epochs: phase.epochs,
      trainable,
      trainableParameters: 5125,
      cachedTo,
    });
    for (let each = 0; each < phase.epochs; each++) {
      epoch++;
      const train = writeSteps(run, log, phase.name, epoch);
      const validated = validate(run, epoch);
      const isBest: boolean = best === null || validated.validationLoss < best.validationLoss;
      if (isBest) best = validated;
      const movement = movementAt(run, index, epoch);
      log.event({
        event: 'epoch',
        phase: phase.name,
        ...validated,
        epochs: EPOCHS,
        ...train,
        seconds: SECONDS_OF_EPOCH,
        best: isBest,
        movement,
      });
      log.event({ event: 'checkpoint', epoch, path: folder.checkpointPath });
    }
  }
  if (best === null) throw new Error('a run needs an epoch');
  return best;
}

function startOf({ folder, plan, blocks }: LongRun): TrainEvent {
  const images = { train: STEPS_OF_EPOCH * BATCH, validation: VALIDATION_IMAGES };
  const { classes } = plan.head;
  const parameters = { trainableParameters: 5125 + 25_000 * blocks.length, totalParameters: 115_829 };
  return {
    event: 'start',
    run: folder.path,
    engine: ENGINE,
    images,
    classes,
    epochs: EPOCHS,
    ...parameters,
    resumed: false,
  };
}

/** Writes the steps of an epoch and returns their mean. */
function writeSteps(
  { random }: LongRun,
  log: MetricsLog,
  phase: string,
  epoch: number,
): { loss: number; accuracy: number } {
  let [loss, right] = [0, 0];
  for (let step = 1; step <= STEPS_OF_EPOCH; step++) {
    const lossSum = BATCH * lossAt(epoch - 1 + step / STEPS_OF_EPOCH) * Math.exp(0.25 * random.normal());
    const correct = Math.round(BATCH * clamp(accuracyAt(epoch) + 0.08 * random.normal()));
    log.step({
      phase,
      epoch,
      step,
      steps: STEPS_OF_EPOCH,
      lossSum,
      correct,
      count: BATCH,
      learningRate: 1e-3,
      secondsLeft: null,
    });
    loss += lossSum;
    right += correct;
  }
  const count = STEPS_OF_EPOCH * BATCH;
  return { loss: loss / count, accuracy: right / count };
}

function validate({ random }: LongRun, epoch: number): Best {
  const validationLoss = 1.1 * lossAt(epoch) * Math.exp(0.05 * random.normal());
  const correct = Math.round(VALIDATION_IMAGES * clamp(accuracyAt(epoch) - 0.02 + 0.01 * random.normal()));
  const { low, high } = wilsonInterval(correct, VALIDATION_IMAGES);
  return { epoch, validationLoss, validationAccuracy: correct / VALIDATION_IMAGES, n: VALIDATION_IMAGES, low, high };
}

/** The shape of a training that goes well. */
function lossAt(epoch: number): number {
  return 0.15 + 1.45 * Math.exp(-epoch / 30);
}

function accuracyAt(epoch: number): number {
  return 0.95 - 0.75 * Math.exp(-epoch / 25);
}

function movementAt({ blocks }: LongRun, phase: number, epoch: number): Record<string, number> {
  const moved = phase === 0 ? 0 : 1e-3 * Math.sqrt(epoch - PHASES[0].epochs);
  return {
    ...Object.fromEntries(blocks.map((block, index) => [block, moved * (index + 1)])),
    head: 0.1 * Math.sqrt(epoch),
  };
}

function reportOf(run: LongRun, best: Best): TrainResult {
  return {
    run: run.folder.path,
    engine: ENGINE,
    engineVersion: ENGINE,
    engineReason: 'it was asked for',
    epochs: EPOCHS,
    seconds: EPOCHS * SECONDS_OF_EPOCH,
    stopped: 'finished',
    best,
    freezeProof: { frozenTensors: 0, changedTensors: 0, changed: [] },
    movement: movementAt(run, 1, EPOCHS),
    cache: { hits: 0, misses: 0, fromDisk: 0, bytes: 0 },
    peakMemoryBytes: 4e8,
  };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
