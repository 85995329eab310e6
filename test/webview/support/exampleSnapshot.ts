import { dataBand } from '../../../src/shared/dataBand.ts';
import { depthCurve } from '../../../src/shared/depthCurve.ts';
import type { Plan } from '../../../src/shared/plan.ts';
import { parsePlanText } from '../../../src/shared/planText.ts';
import type { PlanData, PlanNetwork } from '../../../src/shared/planView.ts';
import { Random } from '../../../src/shared/random.ts';
import {
  emptyRunView,
  type EpochPoint,
  type PhaseBand,
  type RunView,
  type StepSeries,
} from '../../../src/shared/runView.ts';
import type { LearningCurveResult } from '../../../src/shared/learningCurveResult.ts';
import type { SimilarityResult } from '../../../src/shared/similarityResult.ts';
import { judgeTrial } from '../../../src/shared/trial.ts';
import type { Snapshot, TrialState } from '../../../src/shared/webviewProtocol.ts';
import { basisOf } from '../../support/costBasis.ts';
import { mobileNet } from './exampleNetworks.ts';

const CLASSES = ['bluebell', 'buttercup', 'colts-foot', 'daisy', 'dandelion', 'fritillary'];
const MORE_CLASSES = ['iris', 'lily-valley', 'pansy', 'sunflower', 'tigerlily', 'windflower'];
const FLOWERS = [...CLASSES, ...MORE_CLASSES];
const STEPS = 36;

/** Twelve classes with sixty images each and two files that cannot be read. */
export function exampleData(): PlanData {
  const perClass = Object.fromEntries(FLOWERS.map((name, index) => [name, 60 - (index % 4) * 3]));
  return {
    root: 'flowers/train',
    classes: FLOWERS,
    perClass,
    band: dataBand(Object.values(perClass)),
    problems: [
      { file: 'flowers/train/iris/notes.jpg', problem: 'This is no image.' },
      { file: 'flowers/train/pansy/0031.png', problem: 'The file ends in the middle.' },
    ],
  };
}

/** The text of a plan whose last three blocks train. */
export function examplePlanText(network: PlanNetwork): string {
  const names = network.blocks.map((block) => block.name);
  const unfrozen = names.slice(-3);
  const rates = [1e-5, 3e-5, 1e-4];
  const blocks = names.map((name) => {
    const place = unfrozen.indexOf(name);
    return [name, place < 0 ? { frozen: true } : { frozen: false, learningRate: rates[place] }] as const;
  });
  const plan = {
    version: 1,
    model: 'models/mobilenet',
    input: { range: '-1..1', resize: 'crop', channels: 'rgb' },
    data: { train: 'flowers/train', validation: 0.2 },
    head: { classes: FLOWERS, hidden: [], dropout: 0.2, l2: 0 },
    blocks: Object.fromEntries(blocks),
    phases: [
      { name: 'head', epochs: 5, unfreeze: [] },
      { name: 'fine-tune', epochs: 10, unfreeze: unfrozen },
    ],
    optimizer: { name: 'adam', headLearningRate: 1e-3 },
    batchSize: 16,
    batchNorm: 'affine',
    augment: 'light',
    classWeights: 'auto',
    earlyStopping: { patience: 5 },
    seed: 42,
  };
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** A run of the plan as far as `epochs`: losses fall with noise, validation follows. */
export function exampleRun(plan: Plan, epochs: number, seed = 7): RunView {
  const random = Random.seeded(seed, 'example run');
  const steps: StepSeries = { epoch: [], position: [], loss: [], accuracy: [] };
  const points: EpochPoint[] = [];
  const phases = bandsOf(plan);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let step = 1; step <= STEPS; step++) {
      const position = epoch - 1 + step / STEPS;
      steps.epoch.push(epoch);
      steps.position.push(position);
      steps.loss.push(trend(position) * (1 + 0.25 * random.normal()));
      steps.accuracy.push(
        Math.round(16 * Math.min(1, Math.max(0, accuracyOf(position) + 0.08 * random.normal()))) / 16,
      );
    }
    points.push(pointOf(plan, phases, epoch, random));
  }
  for (const point of points)
    point.best = point.validationLoss === Math.min(...points.map((each) => each.validationLoss));
  return {
    ...emptyRunView('.thaw/runs/flowers-3', 'flowers-3', 'running'),
    startedAt: '2026-03-02T10:15:00.000Z',
    engine: 'portable',
    epochs: plan.phases.reduce((sum, phase) => sum + phase.epochs, 0),
    phases,
    steps,
    points,
    secondsLeft: 12,
  };
}

/** Photographs like those of the network: features get better up to its end. */
export function exampleSimilarity(network: PlanNetwork, distance = 0.08): SimilarityResult {
  const shares = [0.3, 0.42, 0.5, 0.61, 0.66, 0.74, 0.82, 0.88];
  const { blocks } = network;
  const depths = depthCurve(
    shares.slice(-blocks.length).map((share, place, all) => ({
      block: blocks[Math.round(((place + 1) * blocks.length) / all.length) - 1].name,
      correct: Array.from({ length: 120 }, (_, image) => image < 120 * share),
    })),
  );
  return {
    measurement: {
      fingerprint: '00',
      distance: { distance, low: distance / 1.15, high: distance * 1.15 },
      bands: { high: 0.15, low: 0.35 },
      curve: depths,
      depths,
      images: 120,
      inputShift: false,
      inseparable: [],
    },
    distances: { '-1..1': distance, '0..1': 0.17, '0..255': 583, imagenet: 0.25, caffe: 218 },
  };
}

/** A curve that still rises a little at its end. */
export function exampleLearningCurve(): LearningCurveResult {
  const point = (images: number, accuracy: number, half: number) => ({
    ...{ images, accuracy },
    low: accuracy - half,
    high: accuracy + half * 0.8,
  });
  return {
    ...{ images: 666, allImages: 666, folds: 5, repeats: 3 },
    points: [point(133, 0.78, 0.033), point(266, 0.85, 0.028), point(400, 0.88, 0.026), point(533, 0.9, 0.024)],
    forecast: point(1066, 0.926, 0.027),
    perClass: FLOWERS.map((name, index) => ({
      class: name,
      n: 60 - (index % 4) * 3,
      ...point(0, 0.82 + (index % 5) / 40, 0.1),
    })),
    backTest: { images: 533, accuracy: 0.9, forecast: 0.896, low: 0.87, high: 0.92, within: true },
  };
}

/** Images between the bands, so that there is a challenger. */
export function withChallenger(): Pick<Snapshot, 'similarity'> {
  return { similarity: { state: 'ready', value: exampleSimilarity(mobileNet(FLOWERS.length), 0.5) } };
}

/** A trial that the challenger has won. */
export function exampleTrial(): TrialState {
  const titles = { recommended: 'Unfreeze fewer layers of the pretrained model', challenger: 'Head on block_12' };
  const [ahead, both, behind] = [60, 560, 18];
  const outcomes = [
    ...Array<string>(ahead).fill('a'),
    ...Array<string>(both).fill('ab'),
    ...Array<string>(behind).fill('b'),
  ];
  const correct = (side: string): boolean[] => [
    ...outcomes.map((one) => one.includes(side)),
    ...Array<boolean>(39).fill(false),
  ];
  const judgement = judgeTrial(
    { challenger: correct('a'), recommended: correct('b') },
    { titles, smaller: 'challenger' },
  );
  const plan = (title: string, accuracy: number) => ({
    ...{ title, accuracy, low: accuracy - 0.03, high: accuracy + 0.03, foldAccuracies: [], run: title },
    ...{ epochs: 15, trainableParameters: 1000, blocks: 12 },
  });
  return {
    state: 'finished',
    result: {
      ...{ run: 'trial', folds: 5, seconds: 40, stopped: 'finished', groups: null, problems: [] },
      challenger: {
        kind: 'earlierHead',
        quadrant: { data: 'low', similarity: 'low' },
        headAfter: 'block_12',
        unfrozenBlocks: [],
        reason: '',
      },
      plans: { recommended: plan(titles.recommended, 0.85), challenger: plan(titles.challenger, 0.91) },
      ...judgement,
    },
  };
}

/** One of the runs before, with curves of its own. */
function finishedRun(plan: Plan, index: number): RunView {
  const name = `flowers-${2 - index}`;
  const whole = exampleRun(plan, 6 + index, index + 100);
  return { ...whole, run: `.thaw/runs/${name}`, name, state: 'finished', secondsLeft: null, seconds: 21 };
}

function bandsOf(plan: Plan): PhaseBand[] {
  let from = 1;
  return plan.phases.map(({ name, epochs, unfreeze = [] }) => {
    const band = { name, from, epochs, trainable: unfreeze };
    from += epochs;
    return band;
  });
}

const trend = (position: number): number => 0.12 + 2.3 * Math.exp(-position / 2.2);
const accuracyOf = (position: number): number => 0.98 - 0.85 * Math.exp(-position / 2.6);

function pointOf(plan: Plan, phases: readonly PhaseBand[], epoch: number, random: Random): EpochPoint {
  const validationAccuracy = Math.round((accuracyOf(epoch) - 0.03 + 0.012 * random.normal()) * 139) / 139;
  const phase = phases.find((each) => epoch < each.from + each.epochs) ?? phases[phases.length - 1];
  const moving = Object.entries(plan.blocks).filter(([, block]) => !block.frozen && phase.trainable.length > 0);
  const movement = moving.map(([name], index) => [name, 0.0006 * epoch * (index + 1) ** 1.8] as const);
  return {
    epoch,
    phase: phase.name,
    loss: trend(epoch),
    accuracy: accuracyOf(epoch),
    validationLoss: trend(epoch) + 0.1 + 0.02 * random.normal(),
    validationAccuracy,
    low: Math.max(0, validationAccuracy - 0.05),
    high: Math.min(1, validationAccuracy + 0.035),
    n: 139,
    seconds: 2.4,
    best: false,
    movement: { ...Object.fromEntries(movement), head: 0.11 * Math.sqrt(epoch) },
  };
}

/** What the host sends first; with `epochs` a run is on, with `compared` as many others are drawn beside it. */
export function exampleSnapshot(
  options: {
    network?: PlanNetwork;
    epochs?: number;
    text?: string;
    compared?: number;
    strings?: Snapshot['strings'];
  } = {},
): Snapshot {
  const network = options.network ?? mobileNet(FLOWERS.length);
  const parsed = parsePlanText(options.text ?? examplePlanText(network));
  const plan = 'plan' in parsed ? parsed.plan : null;
  const run = plan && options.epochs !== undefined ? exampleRun(plan, options.epochs) : null;
  return {
    type: 'snapshot',
    strings: options.strings ?? {},
    title: 'flowers.finetune.json',
    document: { plan, problems: 'problems' in parsed ? parsed.problems : [] },
    network: { state: 'ready', value: network },
    data: { state: 'ready', value: exampleData() },
    cost: {
      state: 'ready',
      value: { measured: { basis: basisOf(network), images: { train: 533, validation: 133 } }, downloadBytes: 0 },
    },
    similarity: { state: 'ready', value: exampleSimilarity(network) },
    learningCurve: { state: 'none' },
    trial: { is: { state: 'none' }, refusal: null, isBusy: false },
    start: run ? { state: 'running', run: run.run, change: 'none' } : { state: 'ready' },
    run,
    compared: plan ? Array.from({ length: options.compared ?? 0 }, (_, index) => finishedRun(plan, index)) : [],
    runs: [
      ...(run ? [{ run: run.run, name: run.name, state: run.state, accuracy: 0.928, startedAt: run.startedAt }] : []),
      {
        run: '.thaw/runs/flowers-2',
        name: 'flowers-2',
        state: 'earlyStopped',
        accuracy: 0.914,
        startedAt: '2026-03-02T09:58:00.000Z',
      },
      {
        run: '.thaw/runs/flowers-1',
        name: 'flowers-1',
        state: 'interrupted',
        accuracy: null,
        startedAt: '2026-03-01T16:40:00.000Z',
      },
    ],
    engine: 'portable engine',
  };
}
