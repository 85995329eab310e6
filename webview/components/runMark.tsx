import type { JSX } from 'preact';
import { runMarks } from '../comparison.ts';

/** The number and colour of a run on the charts, where several are drawn. */
export function RunMark({ run }: { run: string }): JSX.Element | null {
  const mark = runMarks.value.get(run);
  if (!mark) return null;
  return (
    <span class="run-mark numbers" style={{ '--run-color': mark.color }}>
      {mark.number}
    </span>
  );
}
