import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { Random } from '../../src/shared/random.ts';
import { leftovers } from './folderListing.ts';
import { runCli, startCli } from './runCli.ts';
import { writeProject } from './trainingFixture.ts';

const PLAN = 'small.finetune.json';
const RUN = 'run';

/** What a run comes to: hashes of its weights, its steps as they stand in the metrics file, its best epoch. */
export interface Outcome {
  hashes: Map<string, string>;
  steps: string[];
  best: unknown;
}

/** When a training is killed: at any moment, or in the midst of the writing of a checkpoint. */
export type Moment = { kind: 'anytime' } | { kind: 'checkpoint' };

/** What one kill met. */
export interface Kill {
  /** A checkpoint was half-written, or half in the place of the one before. */
  duringCheckpoint: boolean;
  /** The command had already ended by itself. */
  tooLate: boolean;
}

/** A project in which everything draws random numbers, with a head so large that writing a checkpoint takes a while. */
export class KillBench {
  private constructor(
    private readonly template: string,
    readonly undisturbed: Outcome,
    /** Milliseconds from the start of the command to its end. */
    private readonly duration: number,
  ) {}

  static async prepare(): Promise<KillBench> {
    const template = await realpath(await mkdtemp(join(tmpdir(), 'thaw-kill-')));
    const changes = {
      blocks: { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } },
      head: { classes: ['left', 'right'], hidden: [768, 384], dropout: 0.3 },
      augment: { flip: true, crop: 0.2 },
      phases: [
        { name: 'head', epochs: 2, unfreeze: [], schedule: 'cosine' as const },
        { name: 'all', epochs: 3 },
      ],
      batchNorm: 'adapt' as const,
      batchSize: 4,
    };
    await writeProject(template, changes, 40);
    const started = performance.now();
    const { code, stderr } = await runCli(['train', PLAN, '--run', RUN, '--json'], { cwd: template });
    if (code !== 0) throw new Error(`the undisturbed run ended with code ${code}: ${stderr}`);
    const duration = performance.now() - started;
    const undisturbed = await outcomeOf(template);
    await rm(join(template, RUN), { recursive: true });
    return new KillBench(template, undisturbed, duration);
  }

  async dispose(): Promise<void> {
    await rm(this.template, { recursive: true, force: true });
  }

  /**
   * Trains, kills command and trainer at the given moment, and goes on with `--resume` until the run is over, killed again
   * as often as there are moments.
   */
  async trial(
    moments: readonly Moment[],
    random: Random,
  ): Promise<{ kills: Kill[]; outcome: Outcome; left: string[] }> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-kill-')));
    try {
      await cp(this.template, folder, { recursive: true });
      const kills: Kill[] = [];
      for (const moment of moments) kills.push(await this.killOnce(folder, moment, random));
      if (!existsSync(join(folder, RUN, 'report.json'))) {
        const { code, stderr } = await runCli(commandFor(folder), { cwd: folder });
        if (code !== 0) throw new Error(`--resume ended with code ${code}: ${stderr}`);
      }
      return { kills, outcome: await outcomeOf(folder), left: await leftovers(join(folder, RUN)) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async killOnce(folder: string, moment: Moment, random: Random): Promise<Kill> {
    if (existsSync(join(folder, RUN, 'report.json'))) return { duringCheckpoint: false, tooLate: true };
    const training = startCli(commandFor(folder), { cwd: folder });
    const ended = training.finished.then(() => true);
    const isOver =
      moment.kind === 'anytime'
        ? await Promise.race([ended, delay(random.uniform() * this.duration).then(() => false)])
        : await Promise.race([ended, checkpointBegins(join(folder, RUN), random).then(() => false)]);
    try {
      process.kill(-training.processId, 'SIGKILL');
    } catch {
      // It was over.
    }
    await training.finished;
    await trainerGone(folder);
    return { duringCheckpoint: isBeingReplaced(join(folder, RUN)), tooLate: isOver };
  }
}

const commandFor = (folder: string): string[] =>
  ['plan.json', 'status.json'].some((name) => existsSync(join(folder, RUN, name)))
    ? ['train', PLAN, '--resume', RUN, '--json']
    : ['train', PLAN, '--run', RUN, '--json'];

async function outcomeOf(folder: string): Promise<Outcome> {
  const run = join(folder, RUN);
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const report = JSON.parse(await readFile(join(run, 'report.json'), 'utf8')) as { best: unknown };
  return {
    hashes: await hashTensors(join(run, 'model', 'model.json')),
    steps: lines.filter((line) => line.includes('"event":"step"')),
    best: report.best,
  };
}

/** Resolves a little after one of the next checkpoints has begun to be written. */
async function checkpointBegins(run: string, random: Random): Promise<void> {
  const which = 1 + random.below(3);
  const wait = random.uniform() * 6;
  for (let count = 0; count < which; count++) await nextCheckpoint(run);
  await delay(wait);
}

/** A folder of the run in which a checkpoint is being written appears; one that is there already does not count. */
async function nextCheckpoint(run: string): Promise<void> {
  while (!existsSync(run)) await delay(5);
  await new Promise<void>((resolve) => {
    const watcher = watch(run, (_kind, name) => {
      if (!name?.startsWith('checkpoint.tmp-')) return;
      watcher.close();
      resolve();
    });
  });
}

function isBeingReplaced(run: string): boolean {
  if (!existsSync(run)) return false;
  return readdirSync(run).some((name) => /^checkpoint\.(previous\.)?(tmp|old)-/.test(name));
}

/** The trainer is a child of the command and gets the signal too, but a moment later. */
async function trainerGone(folder: string): Promise<void> {
  const path = join(folder, RUN, 'status.json');
  if (!existsSync(path)) return;
  const { processId } = JSON.parse(readFileSync(path, 'utf8')) as { processId: number };
  for (;;) {
    try {
      process.kill(processId, 0);
    } catch {
      return;
    }
    await delay(5);
  }
}
