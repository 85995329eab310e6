import { computed, signal } from '@preact/signals';
import { config } from '@vscode/l10n';
import { applyDelta } from '../src/shared/chartSeries.ts';
import { editedPlan, type PlanEdit, type PlanSources } from '../src/shared/planEdits.ts';
import type { Loadable, Measurable, PlanData, PlanDocument, PlanNetwork, Thumbnail } from '../src/shared/planView.ts';
import { predictCost } from '../src/shared/predictCost.ts';
import type { CostResult } from '../src/shared/results.ts';
import { judgeSimilarity } from '../src/shared/similarity.ts';
import type { SimilarityResult } from '../src/shared/similarityResult.ts';
import type { RunView } from '../src/shared/runView.ts';
import type {
  CurveState,
  FeatureCacheView,
  Snapshot,
  StartState,
  ToWebview,
  TrialView,
} from '../src/shared/webviewProtocol.ts';
import { post } from './host.ts';

/** What the host said last. The view draws these and nothing else; whatever a user does goes to the host first. */
export const title = signal('');
export const planDocument = signal<PlanDocument>({ plan: null, problems: [] });
export const network = signal<Loadable<PlanNetwork>>({ state: 'loading' });
export const data = signal<Loadable<PlanData>>({ state: 'loading' });
export const cost = signal<Measurable<CostResult>>({ state: 'loading' });
export const similarity = signal<Measurable<SimilarityResult>>({ state: 'loading' });
export const learningCurve = signal<CurveState>({ state: 'none' });
export const trial = signal<TrialView>({ is: { state: 'none' }, refusal: null, isBusy: false });
export const startState = signal<StartState>({ state: 'blocked', reason: '' });
export const run = signal<RunView | null>(null);
/** Runs drawn beside it. */
export const compared = signal<readonly RunView[]>([]);
export const runs = signal<Snapshot['runs']>([]);
export const engine = signal('');
/** Whether the first snapshot has come. */
export const connected = signal(false);

/** Thumbnails by class, as far as the host sent them. */
export interface ClassThumbnails {
  total: number;
  augmentation: number;
  images: Thumbnail[];
}
export const thumbnails = signal<ReadonlyMap<string, ClassThumbnails>>(new Map());

/** What the cache of features holds, once the host has said so, and what emptying it has freed. */
export const featureCache = signal<(FeatureCacheView & { freedBytes: number | null }) | null>(null);

export const plan = computed(() => planDocument.value.plan);
export const loadedNetwork = computed(() => (network.value.state === 'ready' ? network.value.value : null));
export const loadedData = computed(() => (data.value.state === 'ready' ? data.value.value : null));
/** What the shown plan costs, from what was measured of its network; null where that is not known (yet). */
export const planCost = computed(() => {
  const measured = cost.value.state === 'ready' ? cost.value.value.measured : null;
  return plan.value && measured ? predictCost(plan.value, measured.basis, measured.images) : null;
});
/** What was measured of the images, and what it means; null where that is not known (yet). */
export const measuredSimilarity = computed(() => {
  if (similarity.value.state !== 'ready') return null;
  const { value } = similarity.value;
  return { ...value, judgement: judgeSimilarity(value.measurement) };
});
/** What edits of the plan follow from besides it. */
export const planSources = computed<PlanSources>(() => ({
  network: loadedNetwork.value,
  data: loadedData.value,
  similarity: measuredSimilarity.value?.measurement ?? null,
}));
/** Whether the text of the plan has problems, so that what is shown is older than the file and cannot be edited here. */
export const stale = computed(() => planDocument.value.problems.length > 0);
export const running = computed(() => startState.value.state === 'running');
/** Whether a plan is trained or tried, this or another: nothing is measured meanwhile. */
export const busy = computed(() => running.value || trial.value.isBusy);

/** Number of the edit that was asked for last. */
let lastEdit = 0;

/** Asks the host for an edit of the plan. Freezing shows at once, as the host will mostly confirm; all else when it answers. */
export function editPlan(edit: PlanEdit): void {
  post({ type: 'edit', number: ++lastEdit, edit });
  if (!plan.value || stale.value || !isFreezing(edit)) return;
  planDocument.value = { ...planDocument.value, plan: editedPlan(plan.value, edit, planSources.value) };
}

function isFreezing(edit: PlanEdit): edit is Extract<PlanEdit, { kind: 'freeze' | 'freezeAll' | 'freezeUpTo' }> {
  return edit.kind === 'freeze' || edit.kind === 'freezeAll' || edit.kind === 'freezeUpTo';
}

/** Takes over a message of the host. */
export function receive(message: ToWebview): void {
  switch (message.type) {
    case 'snapshot':
      return receiveSnapshot(message);
    case 'document':
      // An answer to an earlier edit is older than what is shown; that to the last one follows.
      if (message.edit >= lastEdit) planDocument.value = message.document;
      return;
    case 'network':
      network.value = message.network;
      return;
    case 'data':
      // Once all images were opened they come again, mostly the same ones with notes.
      if (!haveSameImages(data.value, message.data)) thumbnails.value = new Map();
      data.value = message.data;
      return;
    case 'cost':
      cost.value = message.cost;
      return;
    case 'similarity':
      similarity.value = message.similarity;
      return;
    case 'learningCurve':
      learningCurve.value = message.curve;
      break;
    case 'trial':
      trial.value = message.trial;
      return;
    case 'start':
      startState.value = message.start;
      return;
    case 'engine':
      engine.value = message.engine;
      return;
    case 'run':
      run.value = message.run;
      runs.value = message.runs;
      return;
    case 'runs':
      runs.value = message.runs;
      return;
    case 'compared':
      return receiveCompared(message);
    case 'delta':
      return receiveDelta(message);
    case 'thumbnails':
      return receiveThumbnails(message);
    case 'cache':
      featureCache.value = { ...message.cache, freedBytes: message.freedBytes };
      return;
  }
}

function receiveSnapshot(snapshot: Snapshot): void {
  // Before anything is drawn: a text is translated when it is needed.
  config({ contents: snapshot.strings });
  title.value = snapshot.title;
  planDocument.value = snapshot.document;
  network.value = snapshot.network;
  data.value = snapshot.data;
  cost.value = snapshot.cost;
  similarity.value = snapshot.similarity;
  learningCurve.value = snapshot.learningCurve;
  trial.value = snapshot.trial;
  startState.value = snapshot.start;
  run.value = snapshot.run;
  compared.value = snapshot.compared;
  runs.value = snapshot.runs;
  engine.value = snapshot.engine;
  connected.value = true;
}

function haveSameImages(one: Loadable<PlanData>, other: Loadable<PlanData>): boolean {
  if (one.state !== 'ready' || other.state !== 'ready') return false;
  const imagesOf = ({ root, perClass }: PlanData): string => JSON.stringify([root, perClass]);
  return imagesOf(one.value) === imagesOf(other.value);
}

function receiveCompared({ runs: names, views }: Extract<ToWebview, { type: 'compared' }>): void {
  const known = new Map([...compared.value, ...views].map((view) => [view.run, view]));
  const next = names.flatMap((name) => known.get(name) ?? []);
  if (next.length < names.length) post({ type: 'resync' });
  else compared.value = next;
}

/** A delta that does not continue what is here means that messages were lost: the host sends everything again. */
function receiveDelta({ delta }: Extract<ToWebview, { type: 'delta' }>): void {
  const update = (view: RunView): RunView => {
    const next = applyDelta(view, delta);
    if (next !== 'resync') return next;
    post({ type: 'resync' });
    return view;
  };
  if (run.value?.run === delta.run) run.value = update(run.value);
  const beside = compared.value.findIndex((view) => view.run === delta.run);
  if (beside >= 0) compared.value = compared.value.with(beside, update(compared.value[beside]));
}

function receiveThumbnails(page: Extract<ToWebview, { type: 'thumbnails' }>): void {
  const before = thumbnails.value.get(page.className);
  const kept = before?.augmentation === page.augmentation ? before.images.slice(0, page.offset) : [];
  if (kept.length < page.offset) return;
  const entry = { total: page.total, augmentation: page.augmentation, images: [...kept, ...page.images] };
  thumbnails.value = new Map(thumbnails.value).set(page.className, entry);
}
