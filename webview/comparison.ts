import { computed, signal } from '@preact/signals';
import { assignSlots } from '../src/shared/chartSeries.ts';
import { chartTheme } from './chart/chartTheme.ts';
import { compared, run } from './store.ts';

/** The shown run and those drawn beside it. */
export const drawnRuns = computed(() => (run.value ? [run.value, ...compared.value] : []));
export const isComparing = computed(() => drawnRuns.value.length > 1);

/** The run whose curves are to stand out, while the pointer or the focus is on its row. */
export const highlightedRun = signal<string | null>(null);

let slots: ReadonlyMap<string, number> = new Map();

/** By run: the number that its curves carry and its colour, which stay while other runs come and go. */
export const runMarks = computed(() => {
  slots = assignSlots(
    slots,
    drawnRuns.value.map((view) => view.run),
  );
  const colors = chartTheme.value.runs;
  return new Map([...slots].map(([name, slot]) => [name, { number: slot + 1, color: colors[slot % colors.length] }]));
});
