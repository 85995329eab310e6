import type { DataBand } from './dataBand.ts';
import type { DataSummary } from './dataSummary.ts';
import type { PlanProblem } from './errors.ts';
import type { Plan } from './plan.ts';
import type { ValidationImages } from './validationImages.ts';

/** What the plan editor shows, as plain data: made by host and trainer, drawn by the webview. */

/** One layer of the network a plan trains. */
export interface PlanLayer {
  name: string;
  type: string;
  /** Without the batch dimension. */
  outputShape: (number | null)[];
  parameters: number;
  /** Parameters that gradients may change: moving statistics are not among them. */
  learnable: number;
  /** Batch normalization: `locked` keeps even its learnable parameters. */
  normalization: boolean;
}

export interface PlanBlockView {
  name: string;
  layers: PlanLayer[];
}

/** The network of a plan with the plan's head on it. */
export interface PlanNetwork {
  /** What the plan's `model` says, or the title from the catalog. */
  title: string;
  /** Height, width, channels. */
  inputShape: number[];
  /** From input to output. */
  blocks: PlanBlockView[];
  head: PlanLayer[];
  totalParameters: number;
}

/** The images of a plan. */
export interface PlanData {
  root: string;
  classes: string[];
  perClass: Record<string, number>;
  /** Of the images to train on, validation share included. */
  band: DataBand;
  /** Files that are left out. */
  problems: { file: string; problem: string }[];
  /** Files that are used but worth a look, such as one that is there twice; `side` of one that is small. Known once all were opened. */
  notes?: { file: string; problem: string; side?: number }[];
  /** Images to validate with, where the plan or its data says which. */
  validation?: ValidationImages;
  /** Images to judge by that are like others. Known once all were opened. */
  acrossSplits?: DataSummary['acrossSplits'];
}

export interface Thumbnail {
  file: string;
  /** PNG as the network sees the image, in base64; null where it cannot be read. */
  png: string | null;
  problem?: string;
}

/** A value that takes a while, or cannot be had. */
export type Loadable<T> = { state: 'loading' } | { state: 'ready'; value: T } | { state: 'failed'; problem: string };

/** One that is measured, as far as that has come, or that the user does not want to wait for. */
export type Measurable<T> =
  Loadable<T> | { state: 'loading'; progress?: { done: number; total: number } } | { state: 'stopped' };

/** The plan file as it stands: `plan` is the last valid content while the text has problems. */
export interface PlanDocument {
  plan: Plan | null;
  problems: PlanProblem[];
}
