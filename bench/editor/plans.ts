/** Plans of the workspace that the editor is measured on. */

/** Of the sample project: trains every layer of a small network, and has finished runs of 20,000 steps. */
export const RUNS_PLAN = 'digits-few.finetune.json';

/** On InceptionV3: 318 layers with its head. */
export const INCEPTION_PLAN = 'inception.finetune.json';
