import { resolve } from 'node:path';
import { listRuns, type RunSummary } from '../node/runFolder.ts';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../shared/format.ts';
import type { Baseline } from '../shared/baseline.ts';
import type { DataSummary } from '../shared/dataSummary.ts';
import { splitDuplicateWarnings } from '../shared/splitDuplicates.ts';
import type { PlanSetting } from '../shared/planOverrides.ts';
import type {
  CheckResult,
  InitResult,
  ModelSummary,
  PredictResult,
  TrainEvent,
  TrainResult,
} from '../shared/results.ts';
import { describeEvaluation } from './evaluationText.ts';
import { counted, createOutput, formatInterval, formatTable, type Output } from './output.ts';
import { type CommonOptions, runRequest } from './session.ts';
import { TrainProgress } from './trainProgress.ts';

/** Exit codes of the contract. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_INPUT = 2;
export const EXIT_INTERRUPTED = 130;

/** `thaw inspect MODEL` */
export async function inspectCommand(model: string, options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  const result = await withProgress('inspect', { model }, options, output);
  output.object(result);
  output.line(describeModel(result));
  return EXIT_DONE;
}

function describeModel(model: ModelSummary): string {
  const rows = model.blocks.map((block) => [
    block.name,
    block.layers.length,
    formatCount(block.parameters),
    block.layers[0],
  ]);
  return [
    `${counted(model.layers.length, 'layer')}, ${counted(model.parameters, 'parameter')}, input ${model.inputShape.join(' x ')}`,
    formatTable(rows, ['block', 'layers', 'parameters', 'first layer']),
  ].join('\n');
}

/** `thaw data DIR` */
export async function dataCommand(path: string, options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  const result = await withProgress('data', { path }, options, output);
  output.object(result);
  output.line(describeData(result));
  return EXIT_DONE;
}

function describeData(data: DataSummary): string {
  const rows = data.classes.map((name) => [name, data.perClass[name] ?? 0]);
  const problems = data.problems.map(({ file, problem }) => `  ${file}: ${problem}`);
  return [
    `${counted(data.images, 'image')} in ${counted(data.classes.length, 'class', 'classes')}, ${data.channels}`,
    formatTable(rows, ['class', 'images']),
    ...(problems.length > 0 ? [`${counted(problems.length, 'problem')}:`, ...problems] : []),
    ...splitDuplicateWarnings(data.acrossSplits).map(({ text }) => `warning: ${text}`),
  ].join('\n');
}

interface InitOptions extends CommonOptions {
  model: string;
  data: string;
  output?: string;
  similarity?: 'low' | 'high';
}

/** `thaw init --model M --data DIR` */
export async function initCommand(options: InitOptions): Promise<number> {
  const output = createOutput(options);
  const { model, data, similarity, seed } = options;
  const result = await withProgress('init', { model, data, similarity, output: options.output, seed }, options, output);
  output.object(result);
  output.line(result.plan);
  describeInit(result).forEach((text) => output.note(text));
  return EXIT_DONE;
}

function describeInit(result: InitResult): string[] {
  const { chosen, source, distances } = result.range;
  const margin = distances
    ? ` (distance ${Object.entries(distances)
        .map(([range, value]) => `${range}: ${value.toPrecision(2)}`)
        .join(', ')})`
    : '';
  return [
    `value range ${chosen}, from ${source === 'measured' ? `the network's batch normalization${margin}` : `the ${source}`}`,
    ...result.reasons,
    ...result.leftOut.map((text) => `left out: ${text}`),
    ...result.warnings.map(({ text }) => `warning: ${text}`),
  ];
}

/** `thaw check PLAN` */
export async function checkCommand(plan: string, options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  const result = await withProgress('check', { plan }, options, output);
  output.object(result);
  if (result.valid) output.line(describeCheck(result));
  for (const { line, problem, nearest } of result.problems) {
    process.stderr.write(
      `${resolve(plan)}, line ${line}: ${problem}${nearest === undefined ? '' : ` Nearest valid value: ${nearest}.`}\n`,
    );
  }
  return result.valid ? EXIT_DONE : EXIT_INPUT;
}

function describeCheck(result: CheckResult): string {
  const { trainableParameters, totalParameters, cost, warnings } = result;
  return [
    `The plan is valid. ${formatCount(trainableParameters)} of ${formatCount(totalParameters)} parameters train.`,
    ...(cost ? describeCost(cost) : []),
    ...warnings.map(({ text }) => `warning: ${text}`),
  ].join('\n');
}

function describeCost(cost: NonNullable<CheckResult['cost']>): string[] {
  const rows = cost.phases.map(({ name, epochs, secondsPerEpoch, cacheSeconds, memoryBytes, microBatch }) => [
    name,
    epochs,
    formatDuration(secondsPerEpoch),
    cacheSeconds > 0 ? formatDuration(cacheSeconds) : 'nothing cached',
    formatBytes(memoryBytes),
    microBatch,
  ]);
  return [
    `Predicted from the measured times of its layers: about ${formatDuration(cost.totalSeconds)} in all, ${formatBytes(cost.memoryBytes)} of memory, ${describeDownload(cost.downloadBytes)}.`,
    formatTable(rows, ['phase', 'epochs', 'an epoch', 'features before', 'memory', 'images at a time']),
  ];
}

function describeDownload(bytes: number | null): string {
  if (bytes === 0) return 'nothing to download';
  return bytes === null ? 'a download of unknown size' : `a download of ${formatBytes(bytes)}`;
}

interface TrainOptions extends CommonOptions {
  run?: string;
  resume?: string;
  from?: string;
  set?: PlanSetting[];
  baseline?: Baseline;
}

/** `thaw train PLAN` */
export async function trainCommand(plan: string, options: TrainOptions): Promise<number> {
  const output = createOutput(options);
  const { run, resume, from, seed, set, baseline } = options;
  const params = { plan, run, resume, from, seed, set, baseline };
  const result = await withProgress('train', params, options, output);
  output.object({ event: 'result', ...result });
  describeTraining(result).forEach((text) => output.line(text));
  if (result.stopped !== 'interrupted') return EXIT_DONE;
  process.stderr.write(`Stopped. Continue with: thaw train ${quoted(plan)} --resume ${quoted(result.run)}\n`);
  return EXIT_INTERRUPTED;
}

function describeTraining({ best, freezeProof, run, epochs, seconds, stopped }: TrainResult): string[] {
  const how = stopped === 'earlyStopped' ? 'stopped early after' : 'after';
  const accuracy = best
    ? `validation accuracy ${formatPercent(best.validationAccuracy)} (${formatInterval(best.low, best.high)}, ${counted(best.n, 'image')}), best of epoch ${best.epoch}`
    : 'no epoch was completed';
  const proof = freezeProof
    ? `${freezeProof.changedTensors} of ${freezeProof.frozenTensors} frozen tensors changed`
    : 'freeze proof: none, the network did not start from published weights or was stopped before its first epoch';
  return [`${accuracy}; ${how} ${counted(epochs, 'epoch')}, ${formatDuration(seconds)}`, proof, run];
}

/** An argument as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `thaw evaluate RUN_OR_MODEL [--data DIR]` */
export async function evaluateCommand(model: string, options: CommonOptions & { data?: string }): Promise<number> {
  const output = createOutput(options);
  const { data } = options;
  const images = data === undefined ? { heldOut: true as const } : { data };
  const result = await withProgress('evaluate', { model, ...images }, options, output);
  output.object(result);
  output.line(describeEvaluation(result));
  for (const { text } of result.warnings) output.note(`warning: ${text}`);
  for (const { file, problem } of result.problems) output.note(`warning: ${file}: ${problem}`);
  return EXIT_DONE;
}

/** `thaw predict RUN_OR_MODEL FILES...` */
export async function predictCommand(model: string, files: string[], options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  const result = await withProgress('predict', { model, files }, options, output);
  output.object(result);
  result.predictions.forEach((prediction) => output.line(describePrediction(prediction)));
  return EXIT_DONE;
}

function describePrediction({ file, top, problem }: PredictResult['predictions'][number]): string {
  if (problem !== undefined) return `${file}: cannot be read, ${problem}`;
  return `${file}: ${top.map((entry) => `${entry.class} ${formatPercent(entry.probability)}`).join(', ')}`;
}

/** `thaw runs [DIR]` */
export async function runsCommand(directory: string | undefined, options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  const runs = await listRuns(resolve(directory ?? '.'));
  output.object({ runs });
  output.line(
    runs.length === 0
      ? 'There are no runs yet.'
      : formatTable(runs.map(runRow), ['run', 'state', 'epochs', 'best accuracy', 'started']),
  );
  return EXIT_DONE;
}

function runRow(run: RunSummary): (string | number)[] {
  const best = run.best
    ? `${formatPercent(run.best.validationAccuracy)} (${formatPercent(run.best.low)} to ${formatPercent(run.best.high)})`
    : '';
  return [run.name, run.state, run.epochs, best, run.startedAt ?? ''];
}

/** Runs a request and shows what it tells meanwhile; `hear` hears it too. */
export async function withProgress<M extends Parameters<typeof runRequest>[0]>(
  method: M,
  params: Parameters<typeof runRequest<M>>[1],
  options: CommonOptions,
  output: Output,
  hear?: (event: TrainEvent) => void,
): ReturnType<typeof runRequest<M>> {
  // Of the commands only training is long: the others print one object and no events.
  const isLong = method === 'train' || method === 'crossValidate' || method === 'trial';
  const progress = new TrainProgress(isLong ? output : { ...output, object: () => undefined });
  try {
    return await runRequest(method, params, options, (event) => {
      hear?.(event);
      progress.handle(event);
    });
  } finally {
    progress.stop();
  }
}
