import { computed, signal } from '@preact/signals';
import { networkRows, type NetworkRow } from '../src/shared/networkRows.ts';
import type { FreezeTarget } from '../src/shared/planEdits.ts';
import { editPlan, loadedNetwork, plan, run, stale } from './store.ts';
import { expanded } from './viewState.ts';

/** By block, after the last epoch; a value of its own, so that the steps of a run leave the rows as they are. */
const movement = computed(() => run.value?.points.at(-1)?.movement);

/** The rows of the network as they are drawn, from input to head. */
export const rows = computed<NetworkRow[]>(() => {
  if (!plan.value || !loadedNetwork.value) return [];
  const options = { expanded: expanded.value, ...(movement.value ? { movement: movement.value } : {}) };
  return networkRows(plan.value, loadedNetwork.value, options);
});

/** A row as it was when it was chosen: after a fold it is found again by its block. */
interface Place {
  id: string;
  block: string | undefined;
}
const active = signal<Place | null>(null);
/** Where a range that is being selected begins; null is the active row alone. */
const anchor = signal<Place | null>(null);

/** Index of the row that keys act on. */
export const activeIndex = computed(() => indexOf(active.value) ?? 0);
/** First and last index of the selected rows. */
export const selection = computed<readonly [number, number]>(() => {
  const from = indexOf(anchor.value) ?? activeIndex.value;
  return from <= activeIndex.value ? [from, activeIndex.value] : [activeIndex.value, from];
});
/** Whether a row was chosen at all, so that it is worth showing. */
export const hasSelection = computed(() => active.value !== null);

/** Makes a row the active one; `extend` selects all rows from the anchor to it. */
export function activate(index: number, extend = false): void {
  const row = rows.value.at(Math.max(0, Math.min(index, rows.value.length - 1)));
  if (!row) return;
  if (!extend) anchor.value = null;
  else anchor.value ??= placeOf(rows.value[activeIndex.value]);
  active.value = placeOf(row);
}

/** Selects every row. */
export function selectAll(): void {
  activate(rows.value.length - 1);
  anchor.value = placeOf(rows.value[0]);
}

/** Freezes or thaws a row, together with all selected ones when it is among them. */
export function toggleRow(index: number): void {
  const row = rows.value.at(index);
  if (!row || stale.value) return;
  const [from, to] = selection.value;
  const within = index >= from && index <= to;
  const toggled = within ? rows.value.slice(from, to + 1) : [row];
  const targets = targetsOf(toggled);
  const leading = canFreeze(row) ? row : toggled.find(canFreeze);
  if (targets.length === 0 || !leading) return;
  editPlan({ kind: 'freeze', targets, frozen: leading.state !== 'frozen' });
}

/** Whether there is anything to freeze in a row. */
export function canFreeze(row: NetworkRow): boolean {
  return row.kind !== 'head' && row.state !== 'noWeights';
}

/** Blocks, and those layers whose blocks are not there as a whole. */
function targetsOf(toggled: readonly NetworkRow[]): FreezeTarget[] {
  const possible = toggled.filter(canFreeze);
  const blocks = new Set(possible.filter((row) => row.kind !== 'layer').flatMap((row) => row.blocks));
  const layers = possible.filter((row) => row.kind === 'layer' && !blocks.has(row.blocks[0]));
  return [
    ...[...blocks].map((block) => ({ block })),
    ...layers.map((row) => ({ block: row.blocks[0], layer: row.name })),
  ];
}

function placeOf(row: NetworkRow): Place {
  return { id: row.id, block: row.blocks.at(-1) };
}

function indexOf(place: Place | null): number | null {
  if (!place) return null;
  const exact = rows.value.findIndex((row) => row.id === place.id);
  if (exact >= 0) return exact;
  const { block } = place;
  const holder = rows.value.findIndex((row) => block !== undefined && row.blocks.includes(block));
  return holder >= 0 ? holder : null;
}
