import { activate, activeIndex, rows, selectAll, toggleRow } from './networkState.ts';
import { setExpanded } from './viewState.ts';

const PAGE = 10;

/**
 * What a key does in the network list, as in the tree grids of the ARIA practices; see `KEYS` for the list. Returns
 * whether it was one of its keys.
 */
export function handleNetworkKey(event: KeyboardEvent): boolean {
  if ((event.ctrlKey || event.metaKey) && event.key === 'a') {
    selectAll();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const act = KEYS[event.key];
  if (!act) return false;
  act(event.shiftKey);
  return true;
}

const move =
  (step: number) =>
  (extend: boolean): void =>
    activate(activeIndex.value + step, extend);

const KEYS: Partial<Record<string, (shift: boolean) => void>> = {
  ArrowDown: move(1),
  ArrowUp: move(-1),
  PageDown: move(PAGE),
  PageUp: move(-PAGE),
  Home: (extend) => activate(0, extend),
  End: (extend) => activate(rows.value.length - 1, extend),
  ArrowRight: openOrEnter,
  ArrowLeft: closeOrLeave,
  ' ': () => toggleRow(activeIndex.value),
};

function openOrEnter(): void {
  const row = rows.value[activeIndex.value];
  if (row.open === false) setExpanded(row.expandKeys, true);
  else if (row.open) activate(activeIndex.value + 1);
}

function closeOrLeave(): void {
  const row = rows.value[activeIndex.value];
  if (row.open) {
    setExpanded(row.expandKeys, false);
    return;
  }
  const parent = rows.value.slice(0, activeIndex.value).findLastIndex(({ level }) => level < row.level);
  if (parent >= 0) activate(parent);
}
