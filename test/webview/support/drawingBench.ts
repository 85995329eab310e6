import { curvesOf, type Curves } from '../../../webview/chart/curves.ts';
import { LinePlot } from '../../../webview/chart/linePlot.ts';
import { emptyRunView, type RunView } from '../../../src/shared/runView.ts';
import { Random } from '../../../src/shared/random.ts';

const RUNS = 8;
const POINTS = 20_000;
const EPOCHS = 50;
const WIDTH = 700;
const ROUNDS = 40;

/** Milliseconds of script a drawing of eight long runs takes, each round in order. */
export interface DrawingTimes {
  /** All curves drawn again, as when a run gains points, with the curves of the other runs at hand. */
  redraw: number[];
  /** Smoothing and thinning out of one run. */
  prepare: number[];
}

function longRun(seed: number): RunView {
  const random = Random.seeded(seed, 'long run');
  const position = Array.from({ length: POINTS }, (_, step) => ((step + 1) * EPOCHS) / POINTS);
  const loss = position.map((epoch) => (0.1 + 2 * Math.exp(-epoch / 8)) * (1 + 0.2 * random.normal()));
  return {
    ...emptyRunView(`run-${seed}`, `run-${seed}`, 'running'),
    epochs: EPOCHS,
    steps: { epoch: position.map(Math.ceil), position, loss, accuracy: loss.map((value) => 1 / (1 + value)) },
  };
}

/** Draws into `parent` and measures it. */
export async function measureDrawing(parent: HTMLElement): Promise<DrawingTimes> {
  const runs = Array.from({ length: RUNS }, (_, index) => longRun(index + 1));
  const theme = {
    ...{ training: '#b180d7', validation: '#89d185', axis: '#9d9d9d', grid: '#cccccc', thawed: '#d18616' },
    ...{ frozen: '#3794ff', background: '#1f1f1f', font: '11px sans-serif', highContrast: false },
  };
  const state = () => ({ phases: [], emphasis: null, epochs: EPOCHS });
  const plot = new LinePlot(parent, {
    measure: 'loss',
    width: WIDTH,
    theme,
    logScale: false,
    runs: RUNS,
    state,
    onHover: () => {},
  });
  const curves: Curves[] = runs.map((run) => curvesOf(run, 'loss', 0.9, WIDTH * 2));
  const times: DrawingTimes = { redraw: [], prepare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    curves[0] = curvesOf(runs[0], 'loss', 0.9, WIDTH * 2);
    const prepared = performance.now();
    plot.draw(curves);
    // uPlot draws in a microtask.
    await Promise.resolve();
    times.prepare.push(prepared - started);
    times.redraw.push(performance.now() - prepared);
    await new Promise(requestAnimationFrame);
  }
  return times;
}

Object.assign(window, { measureDrawing });
