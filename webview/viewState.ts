import { effect, signal } from '@preact/signals';
import { savedViewState, saveViewState } from './host.ts';

/** How the editor is looked at: nothing of the plan, only what would be tiresome to set again after a tab was hidden. */
export const TABS = ['data', 'schedule', 'options', 'runs'] as const;
export type Tab = (typeof TABS)[number];

export const SMOOTHING_LEVELS = [0, 0.6, 0.9, 0.97] as const;
const DEFAULT_SMOOTHING = 0.6;

const saved = readSaved();

/** Keys of the rows of the network that are open; see `NetworkRow.expandKeys`. */
export const expanded = signal<ReadonlySet<string>>(new Set(saved.expanded));
export const tab = signal<Tab>(saved.tab);
/** Weight of the past in the smoothed training curve, from 0 (none) to under 1. */
export const smoothing = signal(saved.smoothing);
export const logScale = signal(saved.logScale);
/** Whether the figures behind the charts are shown as a table. */
export const epochTableShown = signal(saved.epochTableShown);

/** Opens or closes a row of the network. */
export function setExpanded(keys: readonly string[], open: boolean): void {
  const next = new Set(expanded.value);
  for (const key of keys) {
    if (open) next.add(key);
    else next.delete(key);
  }
  expanded.value = next;
}

/** Keeps the state from now on whenever it changes. */
export function persistViewState(): void {
  effect(() => {
    const { value: smoothingValue } = smoothing;
    saveViewState({
      expanded: [...expanded.value],
      tab: tab.value,
      smoothing: smoothingValue,
      logScale: logScale.value,
      epochTableShown: epochTableShown.value,
    });
  });
}

interface ViewState {
  expanded: string[];
  tab: Tab;
  smoothing: number;
  logScale: boolean;
  epochTableShown: boolean;
}

/** Another version may have saved it, so every part is checked. */
function readSaved(): ViewState {
  const state = savedViewState();
  const part = (key: string): unknown =>
    typeof state === 'object' && state !== null ? (state as Record<string, unknown>)[key] : undefined;
  const rows = part('expanded');
  return {
    expanded: Array.isArray(rows) ? rows.filter((id) => typeof id === 'string') : [],
    tab: TABS.find((known) => known === part('tab')) ?? 'data',
    smoothing: SMOOTHING_LEVELS.find((level) => level === part('smoothing')) ?? DEFAULT_SMOOTHING,
    logScale: part('logScale') === true,
    epochTableShown: part('epochTableShown') === true,
  };
}
