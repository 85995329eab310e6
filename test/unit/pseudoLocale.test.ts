import { config } from '@vscode/l10n';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adviceOverrides } from '../../src/shared/adviceOverrides.ts';
import { recommendPlan } from '../../src/shared/advisor.ts';
import { describeOutcome, type PairNumbers } from '../../src/shared/comparison.ts';
import { countBlocks, countClasses, countImages, countLayers } from '../../src/shared/counts.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { describeProblem, type Problem, type ProblemReason } from '../../src/shared/errors.ts';
import { formatBytes, formatDuration, formatPercent, formatPointRange, formatPoints } from '../../src/shared/format.ts';
import { rateWarning } from '../../src/shared/networkRows.ts';
import { checkPlan } from '../../src/shared/planCheck.ts';
import { editLabel } from '../../src/shared/planEdits/label.ts';
import { appliedChanges, ownSettings } from '../../src/shared/planEdits/planDifference.ts';
import { editedPlan, type PlanEdit } from '../../src/shared/planEdits.ts';
import { parsePlanText } from '../../src/shared/planText.ts';
import { SCHEDULE_PRESET_IDS, schedulePreset } from '../../src/shared/schedulePresets.ts';
import { TERM_IDS, termOf } from '../../src/shared/terms.ts';
import { hasUntranslated, pseudoLocale } from '../support/pseudoLocale.ts';
import { planNetwork } from '../support/planNetwork.ts';
import { sampleContext, samplePlan, samplePlanInput } from '../support/plans.ts';

const LEVELS = ['low', 'high'] as const;

/** One of each, with values that have no letters. */
const PROBLEMS: { [R in Exclude<ProblemReason, 'usage'>]: Extract<Problem, { reason: R }> } = {
  dataFolderMissing: { reason: 'dataFolderMissing', path: '/1' },
  dataFolderEmpty: { reason: 'dataFolderEmpty', path: '/1' },
  dataOneClass: { reason: 'dataOneClass', path: '/1', className: '2' },
  dataClassTooSmall: { reason: 'dataClassTooSmall', className: '2', images: 1, needed: 2 },
  dataOneGroup: { reason: 'dataOneGroup', className: '2', images: 3 },
  dataTooFewForCurve: { reason: 'dataTooFewForCurve', className: '2', images: 3, needed: 5 },
  dataClassUnreadable: { reason: 'dataClassUnreadable', className: '2', file: '/3', detail: '4' },
  dataClassUnknown: { reason: 'dataClassUnknown', className: '2', path: '/1', known: ['5', '6', '7'] },
  dataImbalanced: { reason: 'dataImbalanced', ratio: 12, smallest: '2', largest: '3' },
  dataVanished: { reason: 'dataVanished', path: '/1' },
  dataTable: { reason: 'dataTable', path: '/1', line: 3, detail: '4' },
  splitDamaged: { reason: 'splitDamaged', path: '/1', detail: '4' },
  splitFilesMissing: { reason: 'splitFilesMissing', path: '/1', files: 2, first: '/3' },
  imageUnreadable: { reason: 'imageUnreadable', path: '/1', detail: '4' },
  modelMissing: { reason: 'modelMissing', path: '/1' },
  modelNotJson: { reason: 'modelNotJson', path: '/1', detail: '4' },
  modelNoWeights: { reason: 'modelNoWeights', path: '/1', detail: '4' },
  modelWeightsShort: { reason: 'modelWeightsShort', path: '/1', expectedBytes: 9, actualBytes: 8 },
  modelNotFinite: { reason: 'modelNotFinite', path: '/1', tensor: '2' },
  modelGraph: { reason: 'modelGraph', path: '/1' },
  modelFormat: { reason: 'modelFormat', path: '/1', detail: '4' },
  modelUnsupported: { reason: 'modelUnsupported', path: '/1', detail: '4' },
  modelNoLabels: { reason: 'modelNoLabels', path: '/1' },
  modelLayerMissing: { reason: 'modelLayerMissing', layer: '2', nearest: '3' },
  planMissing: { reason: 'planMissing', path: '/1' },
  planExists: { reason: 'planExists', path: '/1' },
  planInvalid: {
    reason: 'planInvalid',
    path: '/1',
    problems: [1, 2].map((line) => ({ path: '', line, problem: '3', nearest: '4' })),
  },
  runExists: { reason: 'runExists', path: '/1' },
  runFolderTaken: { reason: 'runFolderTaken', path: '/1' },
  runMissing: { reason: 'runMissing', path: '/1' },
  runBusy: { reason: 'runBusy', path: '/1', processId: 12 },
  planSetting: { reason: 'planSetting', key: '1', problem: '2', nearest: '3' },
  runPlanChanged: { reason: 'runPlanChanged', run: '1', plan: '2', keys: ['3', '4'] },
  runDamaged: { reason: 'runDamaged', path: '/1', detail: '4' },
  foldsIncomplete: { reason: 'foldsIncomplete', images: 9, missing: 1, repeated: 2, unknown: 3 },
  foldsDiffer: { reason: 'foldsDiffer', images: 9, moved: 2 },
  foldsMissing: { reason: 'foldsMissing', path: '/1' },
  foldsOther: { reason: 'foldsOther', path: '/1', folds: 3, asked: 4 },
  foldUnfinished: { reason: 'foldUnfinished', path: '/1', fold: 2, folds: 3 },
  foldMisnamed: { reason: 'foldMisnamed', path: '/1' },
  heldOutUnknown: { reason: 'heldOutUnknown', path: '/1' },
  heldOutMissing: { reason: 'heldOutMissing', path: '/1', first: '/2' },
  sampleFolderTaken: { reason: 'sampleFolderTaken', path: '/1' },
  noSpace: { reason: 'noSpace', path: '/1', neededBytes: 9e6 },
  readOnly: { reason: 'readOnly', path: '/1' },
  notPermitted: { reason: 'notPermitted', path: '/1' },
  download: { reason: 'download', address: '/1', detail: '4' },
  downloadChecksum: { reason: 'downloadChecksum', address: '/1', algorithm: '2', expected: '3', actual: '4' },
  engineBusy: { reason: 'engineBusy', path: '/1', processId: 12 },
  engineFolder: { reason: 'engineFolder', path: '/1', detail: '4' },
  enginePlatform: { reason: 'enginePlatform', source: 'wheel', platform: '2' },
  engineArchive: { reason: 'engineArchive', file: '/1', detail: '4' },
  engineNoPip: { reason: 'engineNoPip' },
  enginePip: { reason: 'enginePip', requirement: '2', detail: '4' },
  engineNoCompiler: { reason: 'engineNoCompiler', command: '2' },
  engineCompile: { reason: 'engineCompile', compiler: '2', detail: '4' },
  engineProbe: { reason: 'engineProbe', source: 'wheel', detail: '4' },
  engineNoSource: { reason: 'engineNoSource', archive: '2', wheel: '4' },
  outOfMemory: { reason: 'outOfMemory', microBatch: 1 },
  memoryLimit: { reason: 'memoryLimit', value: '1' },
  engineUnavailable: { reason: 'engineUnavailable', engine: '1', detail: '4' },
  notFinite: { reason: 'notFinite', epoch: 1, step: 2 },
  cancelled: { reason: 'cancelled' },
  trainerExited: { reason: 'trainerExited', code: 1, signal: null },
  trainerSilent: { reason: 'trainerSilent', seconds: 60 },
  protocol: { reason: 'protocol', detail: '4' },
  internal: { reason: 'internal', detail: '4' },
};

/** Problems that are said in more than one way. */
const VARIANTS: Problem[] = [
  ...[1, 2].map((images) => ({ ...PROBLEMS.dataClassTooSmall, images, path: '/1' })),
  { ...PROBLEMS.dataClassTooSmall, images: 0 },
  { ...PROBLEMS.dataClassUnknown, model: '/8' },
  { ...PROBLEMS.dataVanished, run: '5' },
  { ...PROBLEMS.modelMissing, nearest: '5' },
  { reason: 'modelLayerMissing', layer: '2' },
  { ...PROBLEMS.planInvalid, problems: [] },
  { reason: 'noSpace', path: '/1' },
  { reason: 'noSpace', path: '/1', run: '2' },
  { reason: 'outOfMemory', microBatch: 4 },
  { reason: 'trainerExited', code: null, signal: '9', detail: '4', run: '5' },
  { reason: 'trainerExited', code: null, signal: '9' },
  { reason: 'trainerExited', code: 1, signal: null, detail: '4' },
];

const EDITS: PlanEdit[] = [
  ...[true, false].flatMap((frozen): PlanEdit[] => [
    { kind: 'freezeAll', frozen },
    ...[[{ block: '1' }], [{ block: '1' }, { block: '2' }], [{ block: '1', layer: '3' }, { block: '2' }]].map(
      (targets): PlanEdit => ({ kind: 'freeze', targets, frozen }),
    ),
    { kind: 'freeze', targets: ['4', '5'].map((layer) => ({ block: '1', layer })), frozen },
  ]),
  { kind: 'freezeUpTo', block: '1' },
  { kind: 'blockRate', block: '1', rate: 0.1 },
  { kind: 'layerRate', block: '1', layer: '2', rate: 0.1 },
  { kind: 'layerRate', block: '1', layer: '2', rate: null },
  { kind: 'headRate', rate: 0.1 },
  { kind: 'spreadRates', low: 0.1, high: 0.2 },
  ...LEVELS.flatMap((data) => LEVELS.map((similarity): PlanEdit => ({ kind: 'quadrant', data, similarity }))),
  ...(['featureExtractor', 'fineTune', 'plainStart'] as const).map((way): PlanEdit => ({ kind: 'way', way })),
  { kind: 'setting', path: ['1'], value: 2 },
  { kind: 'setting', path: ['1'], value: undefined },
];

/** Texts of plans that are wrong in one place each. */
function wrongPlans(): string[] {
  const plan = samplePlanInput() as unknown as Record<string, unknown>;
  const text = JSON.stringify(plan, null, 2);
  const values = [null, true, -1, 1.5, 1e12, '', 'x', [], [1], {}, { name: 'cosine', peakAt: 2 }];
  const keys = ['version', 'model', 'input', 'data', 'head', 'blocks', 'phases', 'optimizer', 'batchSize', 'augment'];
  const cuts = Array.from({ length: Math.floor(text.length / 3) }, (_, index) => 3 * index);
  const phases = [{ name: 'p', epochs: 1, schedule: { name: 'cosine', peakAt: 0.5, warmUp: 2 } }];
  return [
    ...keys.flatMap((key) => values.map((value) => JSON.stringify({ ...plan, [key]: value }))),
    ...keys.map((key) => JSON.stringify({ ...plan, [key]: undefined })),
    ...[{ phases }, { extra: 1 }, { version: 7 }, { blocks: { '': { frozen: true } } }].map((changes) =>
      JSON.stringify({ ...plan, ...changes }),
    ),
    ...cuts.flatMap((at) => [text.slice(0, at), `${text.slice(0, at)},${text.slice(at)}`]),
    ...cuts.map((at) => text.slice(0, at) + text.slice(at + 1)),
    ...['[]', '1', '// comment', `${text}x`, '{ "__proto__": 1 }', '{ "a": 1, "a": 2 }', '['.repeat(20_000)],
  ];
}

describe('src/shared in a language of its own', () => {
  beforeAll(() => config({ contents: pseudoLocale() }));
  afterAll(() => config({ contents: {} }));

  const expectTranslated = (texts: readonly string[]): void => {
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => !text.startsWith('[!') || hasUntranslated(text))).toEqual([]);
  };

  it('explains every term and preset in it', () => {
    expectTranslated(TERM_IDS.map(termOf).flatMap(({ title, text }) => [title, text]));
    const presets = SCHEDULE_PRESET_IDS.map(schedulePreset);
    expectTranslated(presets.flatMap(({ title, description, source }) => [title, description, source]));
  });

  it('describes every problem in it', () => {
    expectTranslated([...Object.values(PROBLEMS), ...VARIANTS].map(describeProblem));
  });

  it('says in it what is wrong with a plan', () => {
    const parsed = wrongPlans().map(parsePlanText);
    expectTranslated(parsed.flatMap((each) => ('problems' in each ? each.problems : [])).map(({ problem }) => problem));
  });

  it('says in it what a network does not have', () => {
    const layers = { b3_cnv: { frozen: true }, b2_conv: { frozen: true } };
    const plan = samplePlan({
      head: { after: 'x', classes: ['aster', 'aster'] },
      blocks: { x: { frozen: true }, b2: { frozen: true }, b3: { frozen: false, layers } },
      phases: [
        { name: 'p', epochs: 1, unfreeze: ['b2', 'b3', 'b3', 'head'], learningRates: { b2: 0.1, x: 0.1 } },
        { name: 'q', epochs: 1, unfreeze: [], learningRates: { b3: 0.1 } },
      ],
      classWeights: { iris: 1 },
    });
    const problems = checkPlan(plan, sampleContext, () => 1);
    expect(problems.length).toBeGreaterThan(10);
    expectTranslated(problems.map(({ problem }) => problem));
    expectTranslated([rateWarning(samplePlan({ blocks: { b3: { frozen: false, learningRate: 1 } } }), 'b3') ?? '']);
  });

  it('gives every advice in it', () => {
    const counts = [
      [1, 1],
      [0, 1],
      [1, 30],
      [60, 60],
      [250, 300],
      [600, 900],
      [600, 9000],
    ];
    const blocksOf = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `b${index}`, layers: [], parameters: 1e6 }));
    const advice = counts.flatMap((perClass) =>
      [0, 1, 9].flatMap((count) =>
        LEVELS.flatMap((similarity) =>
          (['assumed', 'given', 'measured'] as const).flatMap((similaritySource) =>
            [8, 16].map((batchSize) => {
              const dataSource = similaritySource === 'given' ? similaritySource : undefined;
              const input = { data: dataBand(perClass), dataSource, similarity, similaritySource, batchSize };
              return recommendPlan({ ...input, blocks: blocksOf(count) });
            }),
          ),
        ),
      ),
    );
    expectTranslated(advice.flatMap(({ sentence, reasons }) => [sentence, ...reasons]));
    expectTranslated(advice.flatMap(({ warnings }) => warnings.map(({ text }) => text)));
    // What a plan file says is read by others too.
    expect(new Set(advice.flatMap(({ leftOut }) => leftOut)).size).toBe(2);
    expect(advice.flatMap(({ leftOut }) => leftOut).join(' ')).not.toContain('[!');
  });

  it('compares models in it', () => {
    const intervals = [
      [-0.1, 0.2],
      [0.01, 0.3],
    ];
    expectTranslated(
      [-0.1, 0, 0.1].flatMap((difference) =>
        intervals.flatMap(([low, high]) =>
          [0.001, 0.6].flatMap((adjustedPValue) =>
            [1, 3].map((comparisons) => {
              const numbers: PairNumbers = { a: 'A', b: 'B', n: 9, difference, low, high, adjustedPValue, comparisons };
              return describeOutcome(numbers);
            }),
          ),
        ),
      ),
    );
  });

  it('names edits, and the differences of plans, in it', () => {
    expectTranslated(EDITS.map(editLabel));
    const names = ['1', '2', '3', '4', '5'];
    const network = planNetwork(names);
    const plan = samplePlan({
      weights: 'random',
      blocks: {
        '1': { frozen: false },
        '2': { frozen: false, layers: { '2_conv': { frozen: true }, '2_bn': { frozen: false, learningRate: 1 } } },
      },
      phases: [{ name: '1', epochs: 1, unfreeze: ['1', '2'], schedule: { name: 'cosine', warmUp: 0.1 } }],
      optimizer: { name: 'sgd', headLearningRate: 0.1 },
      augment: { flip: true, crop: 0.1, rotate: 1, color: 0.1, erase: 0.1, variants: 'recompute' },
    });
    const own = { headLearningRate: 0.1, learningRates: { '1': 1, '2': 2 }, restoreBest: false };
    const phases = [{ ...plan.phases[0], unfreeze: undefined, ...own }];
    const others = (['low', 'high'] as const).flatMap((data) =>
      LEVELS.map((similarity) => editedPlan(plan, { kind: 'quadrant', data, similarity }, { network })),
    );
    const differences = [...others, { ...plan, phases }].flatMap((other) => [
      ...appliedChanges(plan, other, network),
      ...appliedChanges(other, plan, network),
      ...ownSettings(plan, other, network),
    ]);
    expect(new Set(differences).size).toBeGreaterThan(20);
    expectTranslated(differences);
  });

  it('says in it what a plan rests on', () => {
    const texts = LEVELS.flatMap((data) =>
      LEVELS.flatMap((similarity) =>
        (['given', undefined] as const).flatMap((source) => {
          const sources = { dataSource: source, similaritySource: source ?? ('assumed' as const) };
          const advice = { data, similarity, ...sources, leftOut: [] };
          const opposite = (level: 'low' | 'high') => (level === 'low' ? 'high' : 'low');
          return adviceOverrides(samplePlan({ advice }), { data: opposite(data), similarity: opposite(similarity) });
        }),
      ),
    );
    expectTranslated(texts.map(({ text }) => text));
  });

  it('writes numbers with their units in it', () => {
    const sizes = [0.01, 1, 30, 60, 100, 3600, 4000, 86_400, 200_000, NaN];
    expectTranslated(sizes.map(formatDuration));
    expectTranslated([1, 1e3, 1e6, 1e9, 1e12].map(formatBytes));
    expectTranslated([0, 1e-5, 0.5, 0.99999].map(formatPercent));
    expectTranslated([formatPoints(0.1), formatPointRange(0, 0.1)]);
    expectTranslated(
      [1, 2].flatMap((count) => [countImages, countClasses, countBlocks, countLayers].map((of) => of(count))),
    );
  });
});
