import type { ComponentChildren, JSX } from 'preact';
import type { PlanEdit } from '../../src/shared/planEdits.ts';
import type { TermId } from '../../src/shared/terms.ts';
import { editPlan, stale } from '../store.ts';
import { Term } from './term.tsx';

type Path = Extract<PlanEdit, { kind: 'setting' }>['path'];

/** Changes one key of the plan; undefined removes it. */
export function set(path: Path, value: unknown): void {
  editPlan({ kind: 'setting', path, value });
}

/** A term and what sets it. */
export function Setting({
  term,
  title,
  children,
}: {
  term: TermId;
  title: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="setting">
      <Term id={term}>{title}</Term>
      {children}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[];
  words: Record<T, () => string>;
  onChoose: (value: T) => void;
}

/** One of several values. */
export function Choice<T extends string>({ label, value, options, words, onChoose }: ChoiceProps<T>): JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      disabled={stale.value}
      onChange={(event) => onChoose(event.currentTarget.value as T)}
    >
      {options.map((option) => (
        <option key={option} value={option}>
          {words[option]()}
        </option>
      ))}
    </select>
  );
}
