import { t } from '@vscode/l10n';
import { type DataProblem, describeDataProblem } from './dataProblems.ts';
import { describeEngineProblem, type EngineProblem } from './engineProblems.ts';
import { describeFoldProblem, type FoldProblem } from './foldProblems.ts';
import { formatList } from './format.ts';

/**
 * Everything that can go wrong in words, in one place: a problem is a typed value, `describeProblem` turns it into one
 * line that says what, where and what to do next.
 */
export type Problem =
  | { reason: 'usage'; message: string }
  | DataProblem
  // model
  | { reason: 'modelMissing'; path: string; nearest?: string }
  | { reason: 'modelNotJson'; path: string; detail: string }
  | { reason: 'modelNoWeights'; path: string; detail: string }
  | { reason: 'modelWeightsShort'; path: string; expectedBytes: number; actualBytes: number }
  | { reason: 'modelNotFinite'; path: string; tensor: string }
  | { reason: 'modelGraph'; path: string }
  | { reason: 'modelFormat'; path: string; detail: string }
  | { reason: 'modelUnsupported'; path: string; detail: string }
  | { reason: 'modelNoLabels'; path: string }
  | { reason: 'modelLayerMissing'; layer: string; nearest?: string }
  // plan
  | { reason: 'planMissing'; path: string }
  | { reason: 'planExists'; path: string }
  | { reason: 'planInvalid'; path: string; problems: PlanProblem[] }
  | { reason: 'planSetting'; key: string; problem: string; nearest?: string }
  // runs
  | { reason: 'runExists'; path: string }
  | { reason: 'runFolderTaken'; path: string }
  | { reason: 'runMissing'; path: string }
  | { reason: 'runBusy'; path: string; processId: number }
  | { reason: 'runPlanChanged'; run: string; plan: string; keys: string[] }
  | { reason: 'runDamaged'; path: string; detail: string }
  | FoldProblem
  // machine
  | { reason: 'sampleFolderTaken'; path: string }
  | { reason: 'noSpace'; path: string; neededBytes?: number; freeBytes?: number; run?: string }
  | { reason: 'readOnly'; path: string }
  | { reason: 'notPermitted'; path: string }
  | { reason: 'download'; address: string; detail: string }
  | { reason: 'downloadChecksum'; address: string; algorithm: string; expected: string; actual: string }
  | { reason: 'outOfMemory'; microBatch: number }
  | { reason: 'engineUnavailable'; engine: string; detail: string }
  | { reason: 'memoryLimit'; value: string }
  | EngineProblem
  | { reason: 'notFinite'; epoch: number; step: number }
  // processes
  | { reason: 'cancelled' }
  | { reason: 'trainerExited'; code: number | null; signal: string | null; run?: string; detail?: string }
  | { reason: 'trainerSilent'; seconds: number }
  | { reason: 'protocol'; detail: string }
  | { reason: 'internal'; detail: string };

export type ProblemReason = Problem['reason'];

/** One fault of a plan file: where (dotted path and line, 1-based), what, and the nearest valid value if there is one. */
export interface PlanProblem {
  path: string;
  line: number;
  problem: string;
  nearest?: string;
}

/** The one error class of the project. Its message is always `describeProblem(problem)`. */
export class ThawError extends Error {
  constructor(readonly problem: Problem) {
    super(describeProblem(problem));
    this.name = 'ThawError';
  }
}

/** Problems the user can mend in the input; the command line answers them with exit code 2. */
export function isInputProblem(problem: Problem): boolean {
  switch (problem.reason) {
    case 'outOfMemory':
    case 'notFinite':
    case 'cancelled':
    case 'trainerExited':
    case 'trainerSilent':
    case 'protocol':
    case 'internal':
    case 'download':
    case 'downloadChecksum':
    case 'enginePlatform':
    case 'engineArchive':
    case 'engineNoPip':
    case 'enginePip':
    case 'engineNoCompiler':
    case 'engineCompile':
    case 'engineProbe':
    case 'engineNoSource':
    case 'foldsIncomplete':
      return false;
    default:
      return true;
  }
}

/** One line, whatever file names and parsers bring along: what is wrong, where, and what to do. */
export function describeProblem(problem: Problem): string {
  return sentenceOf(problem).replace(/\s*[\r\n]+\s*/g, ' ');
}

function sentenceOf(problem: Problem): string {
  switch (problem.reason) {
    case 'usage':
      return problem.message;
    case 'dataFolderMissing':
    case 'dataFolderEmpty':
    case 'dataOneClass':
    case 'dataClassTooSmall':
    case 'dataOneGroup':
    case 'dataTooFewForCurve':
    case 'dataClassUnreadable':
    case 'dataClassUnknown':
    case 'dataImbalanced':
    case 'dataVanished':
    case 'dataTable':
    case 'splitDamaged':
    case 'splitFilesMissing':
    case 'imageUnreadable':
      return describeDataProblem(problem);
    case 'modelMissing':
      return modelMissing(problem);
    case 'modelNotJson':
      return t('{0} is not valid JSON ({1}). Export or download the model again.', problem.path, problem.detail);
    case 'modelNoWeights':
      return t('{0} has no weights ({1}). Put the weight files beside model.json.', problem.path, problem.detail);
    case 'modelWeightsShort':
      return t(
        'The weights of {0} are incomplete: {1} of {2} bytes. Copy or download the model again.',
        problem.path,
        problem.actualBytes,
        problem.expectedBytes,
      );
    case 'modelNotFinite':
      return t(
        'Weight "{0}" of {1} holds values that are not finite numbers. The model is damaged: use another copy.',
        problem.tensor,
        problem.path,
      );
    case 'modelGraph':
      return t(
        '{0} is a GraphModel: its layers and batch normalization are folded away, so it cannot be fine-tuned. Use the LayersModel of the same network.',
        problem.path,
      );
    case 'modelFormat':
      return t(
        '{0} is not a TensorFlow.js LayersModel: {1}. Convert it to one (format layers-model) first.',
        problem.path,
        problem.detail,
      );
    case 'modelUnsupported':
      return t('{0} cannot be fine-tuned: {1}.', problem.path, problem.detail);
    case 'modelNoLabels':
      return t(
        '{0} does not say which classes it predicts. Use a run, or a model whose metadata.json lists "labels".',
        problem.path,
      );
    case 'modelLayerMissing':
      return problem.nearest
        ? t(
            'The network has no layer "{0}"; the nearest name is "{1}". Run thaw inspect to list them.',
            problem.layer,
            problem.nearest,
          )
        : t('The network has no layer "{0}". Run thaw inspect to list them.', problem.layer);
    case 'planMissing':
      return t('There is no plan at {0}. Write one with thaw init.', problem.path);
    case 'planExists':
      return t('{0} exists already. Choose another name with -o, or delete it first.', problem.path);
    case 'planSetting':
      return planSetting(problem);
    case 'planInvalid':
      return planInvalid(problem);
    case 'runExists':
      return t('There is a run at {0} already. Choose another folder, or continue it with --resume.', problem.path);
    case 'runFolderTaken':
      return t(
        '{0} holds something else already. Name a new or empty folder with --run, or leave --run out.',
        problem.path,
      );
    case 'runMissing':
      return t('There is no run at {0}. List the runs with thaw runs.', problem.path);
    case 'runBusy':
      return t(
        'The run at {0} is being trained by process {1}. Wait for it or stop it first.',
        problem.path,
        problem.processId,
      );
    case 'runPlanChanged':
      return t(
        'The plan {0} differs from the one run {1} was started with ({2}), so it cannot be resumed. Undo the change, or start anew; thaw train --from {1} begins with these weights.',
        problem.plan,
        problem.run,
        formatList(problem.keys),
      );
    case 'runDamaged':
      return t('The run at {0} cannot be read: {1}. Start a new run.', problem.path, problem.detail);
    case 'foldsIncomplete':
    case 'foldsDiffer':
    case 'foldsMissing':
    case 'foldsOther':
    case 'foldUnfinished':
    case 'foldMisnamed':
    case 'heldOutUnknown':
    case 'heldOutMissing':
      return describeFoldProblem(problem);
    case 'sampleFolderTaken':
      return t(
        '{0} exists already and is not part of the sample project. Choose another folder, or remove it.',
        problem.path,
      );
    case 'noSpace':
      return noSpace(problem);
    case 'readOnly':
      return t('{0} is on a read-only file system. Choose a place that can be written to.', problem.path);
    case 'notPermitted':
      return t(
        '{0} cannot be accessed: permission is denied. Change its permissions or choose another place.',
        problem.path,
      );
    case 'download':
      return t(
        '{0} could not be downloaded: {1}. Check the connection and run the command again; what has arrived is kept.',
        problem.address,
        problem.detail,
      );
    case 'downloadChecksum':
      return t(
        '{0} is not the file it should be: its {1} is {2} and not {3}. It was deleted. Run the command again; if it happens again, the server has another file.',
        problem.address,
        problem.algorithm,
        problem.actual,
        problem.expected,
      );
    case 'outOfMemory':
      return problem.microBatch === 1
        ? t(
            'The memory of the engine was exhausted even with 1 image at a time. Freeze more blocks or use a smaller network.',
          )
        : t(
            'The memory of the engine was exhausted even with {0} images at a time. Freeze more blocks or use a smaller network.',
            problem.microBatch,
          );
    case 'engineUnavailable':
      return t('The {0} engine does not work here: {1}. Use --engine auto.', problem.engine, problem.detail);
    case 'memoryLimit':
      return t(
        'THAW_MEMORY_LIMIT_MB is "{0}", which is no number of megabytes above 0. Set one, such as 4000, or none.',
        problem.value,
      );
    case 'engineBusy':
    case 'engineFolder':
    case 'enginePlatform':
    case 'engineArchive':
    case 'engineNoPip':
    case 'enginePip':
    case 'engineNoCompiler':
    case 'engineCompile':
    case 'engineProbe':
    case 'engineNoSource':
      return describeEngineProblem(problem);
    case 'notFinite':
      return t(
        'The loss became infinite in epoch {0}, step {1}. Lower the learning rates; the best weights so far are kept.',
        problem.epoch,
        problem.step,
      );
    case 'cancelled':
      return t('Stopped.');
    case 'trainerExited':
      return trainerExited(problem);
    case 'trainerSilent':
      return t('The trainer did not answer for {0} seconds and was stopped. Run the command again.', problem.seconds);
    case 'protocol':
      return t('The parts of Thaw do not understand each other: {0}. Build again with npm run build.', problem.detail);
    case 'internal':
      return t('Something went wrong inside Thaw: {0}. Please report it with the log.', problem.detail);
  }
}

type ProblemOf<R extends ProblemReason> = Extract<Problem, { reason: R }>;

function modelMissing({ path, nearest }: ProblemOf<'modelMissing'>): string {
  return nearest
    ? t(
        'There is no model at {0}; the nearest name in the catalog is "{1}". Give a folder with model.json, a model.json, a run, or a name from the catalog.',
        path,
        nearest,
      )
    : t(
        'There is no model at {0}. Give a folder with model.json, a model.json, a run, or a name from the catalog.',
        path,
      );
}

/** The first fault, and how many more there are. */
function planInvalid({ path, problems }: ProblemOf<'planInvalid'>): string {
  const [first, ...others] = problems;
  if (!first) return t('{0} is not a valid plan.', path);
  const sentences = [t('{0}, line {1}: {2}', path, first.line, first.problem)];
  if (first.nearest) sentences.push(t('Nearest valid value: {0}.', first.nearest));
  if (others.length > 0) sentences.push(t('(and {0} more: thaw check lists them)', others.length));
  return sentences.join(' ');
}

function planSetting({ key, problem, nearest }: ProblemOf<'planSetting'>): string {
  return nearest === undefined
    ? t('The setting "{0}" cannot be used: {1}', key, problem)
    : t('The setting "{0}" cannot be used: {1} Nearest valid value: {2}.', key, problem, nearest);
}

function noSpace({ path, neededBytes, freeBytes = 0, run }: ProblemOf<'noSpace'>): string {
  if (neededBytes !== undefined) {
    return t(
      'The disk holding {0} has {1} MB free and this needs {2} MB. Free some space, or choose another place.',
      path,
      megabytes(freeBytes),
      megabytes(neededBytes),
    );
  }
  return run === undefined
    ? t('The disk holding {0} is full. Free some space and run the command again.', path)
    : t('The disk holding {0} is full. Free some space and continue with --resume {1}.', path, run);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function trainerExited({ code, signal, detail, run }: ProblemOf<'trainerExited'>): string {
  const next = run ? t('Continue from the last checkpoint with --resume {0}.', run) : t('Run the command again.');
  return `${endOfTrainer(code, signal, detail)} ${next}`;
}

function endOfTrainer(code: number | null, signal: string | null, detail: string | undefined): string {
  if (signal) {
    return detail
      ? t('The trainer ended unexpectedly (signal {0}, {1}).', signal, detail)
      : t('The trainer ended unexpectedly (signal {0}).', signal);
  }
  return detail
    ? t('The trainer ended unexpectedly (exit code {0}, {1}).', String(code), detail)
    : t('The trainer ended unexpectedly (exit code {0}).', String(code));
}

/** The problem behind anything that was thrown; what is not a `ThawError` becomes `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ThawError) return error.problem;
  return { reason: 'internal', detail: error instanceof Error ? error.message : String(error) };
}
