import * as z from 'zod';
import { planEditSchema } from './planEdits.ts';
import type { Loadable, Measurable, PlanData, PlanDocument, PlanNetwork, Thumbnail } from './planView.ts';
import type { CostResult, TrialResult } from './results.ts';
import type { LearningCurveResult } from './learningCurveResult.ts';
import type { SimilarityResult } from './similarityResult.ts';
import type { RunDelta, RunView } from './runView.ts';

/** The language between the extension host and the plan editor's webview. */
export const WEBVIEW_PROTOCOL_VERSION = 1;

const version = z.literal(WEBVIEW_PROTOCOL_VERSION);

/** What the webview asks of the host; validated there, since a webview shows what a workspace holds. */
export const toHostSchema = z.discriminatedUnion('type', [
  /** The view is there and wants everything. */
  z.object({ v: version, type: z.literal('ready') }),
  /** One undo step. Edits are numbered from 1 on, and each is answered by a `document` with its number. */
  z.object({ v: version, type: z.literal('edit'), number: z.number().int().positive(), edit: planEditSchema }),
  z.object({ v: version, type: z.literal('start') }),
  z.object({ v: version, type: z.literal('stop') }),
  /** Tries the plan that follows from what was measured and its challenger. */
  z.object({ v: version, type: z.literal('try') }),
  z.object({ v: version, type: z.literal('stopTrial') }),
  /** Lets the run that trains take over what the plan says now of freezing and rates. */
  z.object({ v: version, type: z.literal('changeRun') }),
  /** Continues the shown run from its checkpoint. */
  z.object({ v: version, type: z.literal('resume'), run: z.string() }),
  z.object({ v: version, type: z.literal('openAsText'), line: z.number().int().positive().optional() }),
  z.object({ v: version, type: z.literal('openImage'), file: z.string() }),
  /** Which engines there are, and the native one installed or removed. */
  z.object({ v: version, type: z.literal('showEngines') }),
  z.object({ v: version, type: z.literal('showRun'), run: z.string() }),
  /** Draws another run of the plan beside the shown one, or no longer. */
  z.object({ v: version, type: z.literal('compare'), run: z.string(), compared: z.boolean() }),
  /** Thumbnails of a class, answered by `thumbnails`. */
  z.object({
    v: version,
    type: z.literal('thumbnails'),
    className: z.string(),
    offset: z.number().int().min(0),
    count: z.number().int().min(1).max(60),
    /** Shown with a random crop and mirroring, as training sees them; 0 is the image as it is. */
    augmentation: z.number().int().min(0),
  }),
  /** What the cache of features holds, answered by `cache`. */
  z.object({ v: version, type: z.literal('cache') }),
  /** Empties it, answered by `cache`. */
  z.object({ v: version, type: z.literal('clearCache') }),
  /** Measures the similarity, or gives up doing so. */
  z.object({ v: version, type: z.literal('measureSimilarity'), wanted: z.boolean() }),
  /** Measures how accuracy grows with the images; answered by `learningCurve`, as is its end. */
  z.object({ v: version, type: z.literal('measureCurve') }),
  z.object({ v: version, type: z.literal('stopCurve') }),
  /** A delta did not fit what the view has. */
  z.object({ v: version, type: z.literal('resync') }),
]);
export type ToHost = z.output<typeof toHostSchema>;
/** `ToHost` without the version, as callers write it. */
export type HostRequest = ToHost extends infer M ? (M extends ToHost ? Omit<M, 'v'> : never) : never;

/** Runs drawn beside the shown one at most: with it they are eight, as many as there are colours to tell apart. */
export const MOST_COMPARED = 7;

/** Whether the plan holds something that the run could take over at its next epoch, or was asked to take over. */
export type RunChangeState = 'none' | 'possible' | 'sent';

/** What may be started, and why not. */
export type StartState =
  | { state: 'ready' }
  | { state: 'running'; run: string; change: RunChangeState }
  | { state: 'queued' }
  | { state: 'blocked'; reason: string };

/** The learning curve, which is measured when it is asked for: images are opened, features computed, and probes trained. */
export type CurveState =
  | { state: 'none' }
  | { state: 'measuring'; part: 'images' | 'measure' | 'probe'; done: number; total: number }
  | { state: 'ready'; value: LearningCurveResult }
  | { state: 'failed'; problem: string };

/** How the trial of two plans stands. */
export type TrialState =
  | { state: 'none' }
  /** `folds` of both plans; `fold` is 0 until the first one trains. */
  | { state: 'running'; fold: number; folds: number }
  /** Goes on where it was stopped when it is started again. */
  | { state: 'stopped' }
  | { state: 'finished'; result: Extract<TrialResult, { stopped: 'finished' }> }
  | { state: 'failed'; problem: string };

export interface TrialView {
  is: TrialState;
  /** Why none can be started now, in words; null where one can. */
  refusal: string | null;
  /** Whether a plan is trained or tried, this or another: nothing is measured meanwhile. */
  isBusy: boolean;
}

export interface Snapshot {
  type: 'snapshot';
  /** Texts in the language of the editor, by their English ones; empty where that is English. */
  strings: Record<string, string>;
  /** Name of the plan file. */
  title: string;
  document: PlanDocument;
  network: Loadable<PlanNetwork>;
  data: Loadable<PlanData>;
  /** What the page predicts the cost of a plan from. */
  cost: Measurable<CostResult>;
  /** What was measured of the images in the network. */
  similarity: Measurable<SimilarityResult>;
  learningCurve: CurveState;
  trial: TrialView;
  start: StartState;
  /** The run the charts show. */
  run: RunView | null;
  /** Runs drawn beside it. */
  compared: RunView[];
  /** All runs of this plan, newest first. */
  runs: { run: string; name: string; state: RunView['state']; accuracy: number | null; startedAt: string | null }[];
  engine: string;
}

/** What the cache of features holds and may hold, for all plans of this machine. */
export interface FeatureCacheView {
  bytes: number;
  limitBytes: number;
  /** False where it is switched off. */
  enabled: boolean;
}

/** What the host tells the webview. Everything but `snapshot` replaces one part of it. */
export type ToWebview =
  | Snapshot
  /** `edit` is the number of the edit that the text holds as the last one. */
  | { type: 'document'; document: PlanDocument; edit: number }
  | { type: 'network'; network: Loadable<PlanNetwork> }
  | { type: 'data'; data: Loadable<PlanData> }
  | { type: 'cost'; cost: Measurable<CostResult> }
  | { type: 'similarity'; similarity: Measurable<SimilarityResult> }
  | { type: 'learningCurve'; curve: CurveState }
  | { type: 'trial'; trial: TrialView }
  | { type: 'start'; start: StartState }
  | { type: 'engine'; engine: string }
  | { type: 'run'; run: RunView | null; runs: Snapshot['runs'] }
  | { type: 'runs'; runs: Snapshot['runs'] }
  /** The runs drawn beside the shown one, in order, and those of them that the view does not have yet. */
  | { type: 'compared'; runs: string[]; views: RunView[] }
  /** More of the shown run or of a compared one. */
  | { type: 'delta'; delta: RunDelta }
  | { type: 'thumbnails'; className: string; offset: number; total: number; augmentation: number; images: Thumbnail[] }
  /** `freedBytes` where it was just emptied. */
  | { type: 'cache'; cache: FeatureCacheView; freedBytes: number | null };
