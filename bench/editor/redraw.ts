import { join } from 'node:path';
import { readRunHistory } from '../../src/extension/storedHistory.ts';
import { RunFolder, runsFolder } from '../../src/node/runFolder.ts';
import type { HistoryEvent } from '../../src/shared/runHistory.ts';
import type { ToWebview } from '../../src/shared/webviewProtocol.ts';
import { type Editor, EditorWindow } from './editorWindow.ts';
import { EPOCHS, STEPS_OF_EPOCH } from './longRuns.ts';
import type { Measured } from './measured.ts';
import { RUNS_PLAN } from './plans.ts';
import { type PageAction, scriptProfile, scriptTimes } from './scriptTime.ts';

/** Steps that come with a message: a run of a hundred steps a second sends ten messages. */
const STEPS_OF_DELTA = 10;
const WARM_UP = 10;
/** In which the run goes on. */
const PHASE = 'all';
const SMOOTHING = 'select[aria-label="Smoothing"]';
/** Every level that the charts offer, each after another; they begin with the last. */
const LEVELS = ['0.9', '0', '0.97', '0.6'];

/**
 * Script of the page while eight runs of 20,000 steps are on its charts and the shown one goes on, and while the smoothing
 * changes: all of it, for both charts and everything beside them.
 *
 * @param runs names of the runs, newest first
 */
export async function measureRedraw(
  editor: Editor,
  runs: readonly string[],
  { repetitions, profile }: { repetitions: number; profile: boolean },
): Promise<Measured[]> {
  const window = await EditorWindow.open(editor);
  await window.openPlan(RUNS_PLAN);
  await window.putOnCharts(runs.slice(1));
  const deltas = await deltaActions(editor.folder, runs[0], WARM_UP + 2 * repetitions);
  const levels = Array.from({ length: repetitions }, (_, index): PageAction => ({
    select: SMOOTHING,
    value: LEVELS[index % LEVELS.length],
  }));
  const onDelta = await scriptTimes(window, deltas.slice(0, WARM_UP + repetitions));
  const onSmoothing = await scriptTimes(window, levels);
  const profiles = profile
    ? [await scriptProfile(window, deltas.slice(WARM_UP + repetitions)), await scriptProfile(window, levels)]
    : [[], []];
  await window.close();
  return [
    { subject: 'redrawDelta', values: onDelta.slice(WARM_UP), note: null, profile: profiles[0] },
    { subject: 'redrawSmoothing', values: onSmoothing, note: null, profile: profiles[1] },
  ];
}

/** Messages about a run that goes on, as the host makes them. */
async function deltaActions(folder: string, name: string, count: number): Promise<PageAction[]> {
  const history = await readRunHistory(new RunFolder(join(runsFolder(folder), name)), 'running');
  let [steps, points] = [EPOCHS * STEPS_OF_EPOCH, EPOCHS];
  return Array.from({ length: count }, (_, index) => {
    for (let each = 0; each < STEPS_OF_DELTA; each++) {
      const at = index * STEPS_OF_DELTA + each;
      const epoch = EPOCHS + 1 + Math.floor(at / STEPS_OF_EPOCH);
      const step = (at % STEPS_OF_EPOCH) + 1;
      const values = { loss: 0.2 + 0.05 * Math.sin(at), accuracy: 0.9 + 0.05 * Math.cos(at) };
      history.add({ event: 'step', phase: PHASE, epoch, step, steps: STEPS_OF_EPOCH, ...values });
      if (step === STEPS_OF_EPOCH) history.add(epochAfter(epoch, values));
    }
    const delta = history.deltaSince(steps, points);
    steps += delta.steps.loss.length;
    points += delta.points.length;
    const message: ToWebview = { type: 'delta', delta };
    return { message };
  });
}

function epochAfter(epoch: number, { loss, accuracy }: { loss: number; accuracy: number }): HistoryEvent {
  const validation = {
    validationLoss: loss,
    validationAccuracy: accuracy,
    n: 400,
    low: accuracy - 0.03,
    high: accuracy + 0.02,
  };
  const rest = { seconds: 2, best: false, movement: { head: 1 } };
  return { event: 'epoch', phase: PHASE, epoch, epochs: 2 * EPOCHS, loss, accuracy, ...validation, ...rest };
}
