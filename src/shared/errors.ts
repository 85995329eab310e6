/**
 * Everything that can go wrong in words, in one place: a problem is a typed value, `describeProblem` turns it into one
 * line that says what, where and what to do next.
 */
export type Problem =
  | { reason: 'usage'; message: string }
  // data
  | { reason: 'dataFolderMissing'; path: string }
  | { reason: 'dataFolderEmpty'; path: string }
  | { reason: 'dataOneClass'; path: string; className: string }
  | { reason: 'dataClassTooSmall'; className: string; images: number; needed: number; path?: string }
  | { reason: 'dataClassUnreadable'; className: string; file: string; detail: string }
  | { reason: 'dataClassUnknown'; className: string; path: string; known: string[] }
  | { reason: 'dataImbalanced'; ratio: number; smallest: string; largest: string }
  | { reason: 'dataVanished'; path: string; run?: string }
  | { reason: 'dataTable'; path: string; line: number; detail: string }
  | { reason: 'imageUnreadable'; path: string; detail: string }
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
  // runs
  | { reason: 'runExists'; path: string }
  | { reason: 'runMissing'; path: string }
  | { reason: 'runBusy'; path: string; processId: number }
  | { reason: 'runPlanChanged'; run: string; plan: string; keys: string[] }
  | { reason: 'runDamaged'; path: string; detail: string }
  // folds of a cross-validation
  | { reason: 'foldsIncomplete'; images: number; missing: number; repeated: number; unknown: number }
  | { reason: 'foldsDiffer'; images: number; moved: number }
  // machine
  | { reason: 'noSpace'; path: string; neededBytes?: number; freeBytes?: number; run?: string }
  | { reason: 'readOnly'; path: string }
  | { reason: 'notPermitted'; path: string }
  | { reason: 'download'; address: string; detail: string }
  | { reason: 'outOfMemory'; microBatch: number }
  | { reason: 'engineUnavailable'; engine: string; detail: string }
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
    case 'foldsIncomplete':
      return false;
    default:
      return true;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What continues a run that has a checkpoint, or starts over. */
const again = (run: string | undefined): string =>
  run === undefined ? 'run the command again' : `continue with --resume ${run}`;

/** One line, whatever file names and parsers bring along: what is wrong, where, and what to do. */
export function describeProblem(problem: Problem): string {
  return sentenceOf(problem).replace(/\s*[\r\n]+\s*/g, ' ');
}

function sentenceOf(problem: Problem): string {
  switch (problem.reason) {
    case 'usage':
      return problem.message;
    case 'dataFolderMissing':
      return `There is no data folder at ${problem.path}. Give the folder that holds one folder of images per class.`;
    case 'dataFolderEmpty':
      return `No images were found in ${problem.path}. Put the images of each class in a folder named after the class.`;
    case 'dataOneClass':
      return `Only one class, "${problem.className}", was found in ${problem.path}. A classifier needs at least two: add a folder of images of something else.`;
    case 'dataClassTooSmall':
      return `Class "${problem.className}"${problem.path ? ` of ${problem.path}` : ''} has ${problem.images} readable image${problem.images === 1 ? '' : 's'}; at least ${problem.needed} are needed (one to train on, one to validate with). Add images or remove the class.`;
    case 'dataClassUnreadable':
      return `No image of class "${problem.className}" can be read; the first failure is ${problem.file}: ${problem.detail}. Replace the files or remove the class.`;
    case 'dataClassUnknown':
      return `${problem.path} has a class "${problem.className}" that the model does not know. Known classes: ${problem.known.join(', ')}. Rename or remove the folder.`;
    case 'dataImbalanced':
      return `Class "${problem.largest}" has ${problem.ratio.toFixed(0)} times the images of "${problem.smallest}". Add images to the smaller class, or write "classWeights" as numbers into the plan to train anyway.`;
    case 'dataVanished':
      return `${problem.path} disappeared while it was being read. Restore the folder and ${again(problem.run)}.`;
    case 'dataTable':
      return `${problem.path}, line ${problem.line}: ${problem.detail}. Each line is path,label[,split].`;
    case 'imageUnreadable':
      return `${problem.path} cannot be read as an image: ${problem.detail}. Replace or remove the file.`;
    case 'modelMissing':
      return `There is no model at ${problem.path}${problem.nearest ? `; the nearest name in the catalog is "${problem.nearest}"` : ''}. Give a folder with model.json, a model.json, a run, or a name from the catalog.`;
    case 'modelNotJson':
      return `${problem.path} is not valid JSON (${problem.detail}). Export or download the model again.`;
    case 'modelNoWeights':
      return `${problem.path} has no weights (${problem.detail}). Put the weight files beside model.json.`;
    case 'modelWeightsShort':
      return `The weights of ${problem.path} are incomplete: ${problem.actualBytes} of ${problem.expectedBytes} bytes. Copy or download the model again.`;
    case 'modelNotFinite':
      return `Weight "${problem.tensor}" of ${problem.path} holds values that are not finite numbers. The model is damaged: use another copy.`;
    case 'modelGraph':
      return `${problem.path} is a GraphModel: its layers and batch normalization are folded away, so it cannot be fine-tuned. Use the LayersModel of the same network.`;
    case 'modelFormat':
      return `${problem.path} is not a TensorFlow.js LayersModel: ${problem.detail}. Convert it to one (format layers-model) first.`;
    case 'modelUnsupported':
      return `${problem.path} cannot be fine-tuned: ${problem.detail}.`;
    case 'modelNoLabels':
      return `${problem.path} does not say which classes it predicts. Use a run, or a model whose metadata.json lists "labels".`;
    case 'modelLayerMissing':
      return `The network has no layer "${problem.layer}"${problem.nearest ? `; the nearest name is "${problem.nearest}"` : ''}. Run thaw inspect to list them.`;
    case 'planMissing':
      return `There is no plan at ${problem.path}. Write one with thaw init.`;
    case 'planExists':
      return `${problem.path} exists already. Choose another name with -o, or delete it first.`;
    case 'planInvalid': {
      const first = problem.problems[0];
      const more =
        problem.problems.length > 1 ? ` (and ${problem.problems.length - 1} more: thaw check lists them)` : '';
      return first
        ? `${problem.path}, line ${first.line}: ${first.problem}${first.nearest ? ` Nearest valid value: ${first.nearest}.` : ''}${more}`
        : `${problem.path} is not a valid plan.`;
    }
    case 'runExists':
      return `There is a run at ${problem.path} already. Choose another folder, or continue it with --resume.`;
    case 'runMissing':
      return `There is no run at ${problem.path}. List the runs with thaw runs.`;
    case 'runBusy':
      return `The run at ${problem.path} is being trained by process ${problem.processId}. Wait for it or stop it first.`;
    case 'runPlanChanged':
      return `The plan ${problem.plan} differs from the one run ${problem.run} was started with (${problem.keys.join(', ')}), so it cannot be resumed. Undo the change, or start a new run from these weights with --from ${problem.run}.`;
    case 'runDamaged':
      return `The run at ${problem.path} cannot be read: ${problem.detail}. Start a new run.`;
    case 'foldsIncomplete':
      return `The folds must hold each of ${problem.images} images exactly once. Missing: ${problem.missing}, repeated: ${problem.repeated}, unknown: ${problem.unknown}. Run the cross-validation again.`;
    case 'foldsDiffer':
      return `The two plans were not validated on the same folds: ${problem.moved} of ${problem.images} images are in another one. Validate both with the same seed and the same number of folds.`;
    case 'noSpace':
      return problem.neededBytes === undefined
        ? `The disk holding ${problem.path} is full. Free some space and ${again(problem.run)}.`
        : `The disk holding ${problem.path} has ${megabytes(problem.freeBytes ?? 0)} free and this needs ${megabytes(problem.neededBytes)}. Free some space, or choose another place.`;
    case 'readOnly':
      return `${problem.path} is on a read-only file system. Choose a place that can be written to.`;
    case 'notPermitted':
      return `${problem.path} cannot be accessed: permission is denied. Change its permissions or choose another place.`;
    case 'download':
      return `${problem.address} could not be downloaded: ${problem.detail}. Check the connection and run the command again; what has arrived is kept.`;
    case 'outOfMemory':
      return `The memory of the engine was exhausted even with ${problem.microBatch} image${problem.microBatch === 1 ? '' : 's'} at a time. Freeze more blocks or use a smaller network.`;
    case 'engineUnavailable':
      return `The ${problem.engine} engine does not work here: ${problem.detail}. Use --engine auto.`;
    case 'notFinite':
      return `The loss became infinite in epoch ${problem.epoch}, step ${problem.step}. Lower the learning rates; the best weights so far are kept.`;
    case 'cancelled':
      return 'Stopped.';
    case 'trainerExited':
      return `The trainer ended unexpectedly (${problem.signal ? `signal ${problem.signal}` : `exit code ${problem.code}`}${problem.detail ? `, ${problem.detail}` : ''}).${problem.run ? ` Continue from the last checkpoint with --resume ${problem.run}.` : ' Run the command again.'}`;
    case 'trainerSilent':
      return `The trainer did not answer for ${problem.seconds} seconds and was stopped. Run the command again.`;
    case 'protocol':
      return `The parts of Thaw do not understand each other: ${problem.detail}. Build again with npm run build.`;
    case 'internal':
      return `Something went wrong inside Thaw: ${problem.detail}. Please report it with the log.`;
  }
}

/** The problem behind anything that was thrown; what is not a `ThawError` becomes `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ThawError) return error.problem;
  return { reason: 'internal', detail: error instanceof Error ? error.message : String(error) };
}
