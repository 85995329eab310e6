import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { RunFolder, runsFolder } from '../../src/node/runFolder.ts';
import { formatNumber, formatSpread } from '../reportText.ts';
import { type Editor, EditorWindow } from './editorWindow.ts';
import { EpochWatch } from './epochWatch.ts';
import type { Measured } from './measured.ts';
import { noteEpochs, notedEpochs, type PageEpoch } from './pageEpochs.ts';
import { RUNS_PLAN } from './plans.ts';
import type { LoopTimes } from './probe/protocol.ts';

const LOOK_MS = 20;
const PATIENCE_MS = 180_000;

export interface TrainingOptions {
  /** Names of the finished runs, newest first. */
  runs: readonly string[];
  /** Draws seven of them beside the run that trains. */
  comparing: boolean;
  /** Trainings, each in a new window. */
  repetitions: number;
  /** Of each training. */
  epochs: number;
  profile: boolean;
}

/** Milliseconds after an epoch's line stood in the metrics file. */
interface Lag {
  arrived: number;
  drawn: number;
}

/** What one training gave. */
interface Training {
  loop: LoopTimes;
  lags: Lag[];
}

/**
 * What the editor does while a plan trains, from Start to the end of the run: how long the extension host's event loop is
 * blocked at most, and how far the charts are behind the run's metrics file.
 */
export async function measureTraining(editor: Editor, options: TrainingOptions): Promise<Measured[]> {
  const trainings: Training[] = [];
  for (let each = 0; each < options.repetitions; each++) trainings.push(await trainOnce(editor, options));
  const loops = trainings.map(({ loop }) => loop);
  const lags = trainings.flatMap((training) => training.lags);
  const longest = loops.reduce((most, loop) => (loop.longestTurn > most.longestTurn ? loop : most));
  const arrived = formatSpread(lags.map((lag) => lag.arrived));
  return [
    {
      subject: options.comparing ? 'hostTurnComparing' : 'hostTurn',
      values: loops.map(({ longestTurn }) => longestTurn),
      note: wallClock(loops),
      profile: longest.profile,
    },
    {
      subject: options.comparing ? 'chartLagComparing' : 'chartLag',
      values: lags.map((lag) => lag.drawn),
      note: `${arrived} ms until the page had the epoch, the rest until its frame was drawn`,
      profile: [],
    },
  ];
}

/** The clock on the wall also counts waiting for the processor, which other programs have. */
function wallClock(loops: readonly LoopTimes[]): string {
  const [latest, late] = [loops.map((loop) => loop.latest), loops.map(({ percentile99 }) => percentile99)];
  const most = formatNumber(Math.max(...latest));
  return `on the wall clock a turn came at most ${most} ms late, and one in a hundred ${formatNumber(Math.max(...late))} ms`;
}

async function trainOnce(editor: Editor, { runs, comparing, epochs, profile }: TrainingOptions): Promise<Training> {
  const window = await EditorWindow.open(editor);
  await window.openPlan(RUNS_PLAN);
  await window.plan.runState().waitFor();
  if (comparing) await window.putOnCharts(runs.slice(1));
  await window.probe.ask('startWatch', { profile });
  await noteEpochs(window);
  await window.plan.button('Start').click();
  const run = await newRun(editor.folder, runs);
  const written = await followEpochs(run, epochs);
  await window.plan.button('Stop').click();
  await window.plan.runState().filter({ hasText: 'Interrupted' }).waitFor();
  const loop = await window.probe.ask('stopWatch');
  const lags = lagsOf(written, await notedEpochs(window));
  await window.close();
  await rm(run.path, { recursive: true, force: true });
  return { loop, lags };
}

/** The run that is there besides the finished ones, once it has a metrics file. */
async function newRun(workspace: string, runs: readonly string[]): Promise<RunFolder> {
  const folder = runsFolder(workspace);
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const name = readdirSync(folder).find((each) => !runs.includes(each));
    const run = name === undefined ? null : new RunFolder(join(folder, name));
    if (run && existsSync(run.metricsPath)) return run;
    await wait(LOOK_MS);
  }
  throw new Error('the training did not start');
}

/** When each epoch stood in the metrics file, once there are so many. */
async function followEpochs(run: RunFolder, epochs: number): Promise<ReadonlyMap<number, number>> {
  const watch = new EpochWatch(run.metricsPath);
  try {
    return await watch.until(epochs, PATIENCE_MS);
  } finally {
    watch.close();
  }
}

function lagsOf(written: ReadonlyMap<number, number>, page: ReadonlyMap<number, PageEpoch>): Lag[] {
  return [...written].map(([epoch, time]) => {
    const times = page.get(epoch);
    if (!times) throw new Error(`epoch ${epoch} is not in the page`);
    return { arrived: times.arrived - time, drawn: times.drawn - time };
  });
}
