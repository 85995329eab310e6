import type { JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatRate } from '../../src/shared/formatRate.ts';
import { parseRate, stepRate } from '../rates.ts';

/** So long after the last press of an arrow key the rate counts as chosen: a held key is one undo step. */
const SETTLE_MILLISECONDS = 400;
/** Pixels between the input and a note on it. */
const NOTE_GAP = 4;

export interface RateInputProps {
  label: string;
  rate: number;
  /** Shown paler where the rate is not the row's own. */
  inherited?: boolean;
  disabled?: boolean;
  tabIndex?: number;
  /** A reason against this rate, which is allowed nevertheless. */
  warning?: string | null;
  onCommit: (rate: number) => void;
  /** The text was emptied; without this an empty text is no rate. */
  onClear?: () => void;
  /** Escape, after what was typed is gone. */
  onLeave?: () => void;
}

/** A learning rate: typed like 1e-4, or stepped through 1, 2, 5 with the arrow keys. What is no rate says why. */
export function RateInput(props: RateInputProps): JSX.Element {
  const { label, rate, warning } = props;
  const [typed, setTyped] = useState<{ text: string; over: number } | null>(null);
  const settle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const noteId = useId();
  useEffect(() => () => clearTimeout(settle.current), []);
  // Another rate takes the place of what was typed over the last one. Not in an effect, which comes late and takes the next key.
  if (typed !== null && typed.over !== rate) setTyped(null);
  const draft = typed?.over === rate ? typed.text : null;
  const setDraft = (changed: string | null): void => setTyped(changed === null ? null : { text: changed, over: rate });

  const text = draft ?? formatRate(rate);
  const isCleared = props.onClear !== undefined && text.trim() === '';
  const parsed = isCleared ? { rate } : parseRate(text);
  const problem = 'problem' in parsed ? parsed.problem : null;
  const note = problem ?? warning ?? null;

  const commit = (typed: string): void => {
    clearTimeout(settle.current);
    if (isCleared) {
      props.onClear?.();
      return;
    }
    const result = parseRate(typed);
    if ('problem' in result) return;
    if (result.rate === rate) setDraft(null);
    else props.onCommit(result.rate);
  };
  const step = (direction: 1 | -1): void => {
    const next = formatRate(stepRate('rate' in parsed ? parsed.rate : rate, direction));
    setDraft(next);
    clearTimeout(settle.current);
    settle.current = setTimeout(() => commit(next), SETTLE_MILLISECONDS);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      step(event.key === 'ArrowUp' ? 1 : -1);
    } else if (event.key === 'Enter') commit(text);
    else if (event.key === 'Escape') {
      clearTimeout(settle.current);
      setDraft(null);
      props.onLeave?.();
    }
  };
  return (
    <span class={`rate ${problem ? 'invalid' : ''} ${warning ? 'warned' : ''}`}>
      <input
        type="text"
        inputMode="decimal"
        spellcheck={false}
        autocomplete="off"
        class={`rate-input ${props.inherited && draft === null ? 'inherited' : ''}`}
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={note === null ? undefined : noteId}
        disabled={props.disabled}
        tabIndex={props.tabIndex}
        value={text}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onBlur={() => (problem === null ? commit(text) : setDraft(null))}
        onClick={(event) => event.stopPropagation()}
        onKeyDown={onKeyDown}
      />
      {note !== null && <RateNote id={noteId} text={note} isProblem={problem !== null} />}
    </span>
  );
}

/** Why, above everything else: the list around the input would cut it off. It shows while the input has the focus. */
function RateNote({ id, text, isProblem }: { id: string; text: string; isProblem: boolean }): JSX.Element {
  const element = useRef<HTMLSpanElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  useLayoutEffect(() => {
    const input = element.current?.parentElement?.getBoundingClientRect();
    const own = element.current?.getBoundingClientRect();
    if (!input || !own) return;
    const below = input.bottom + own.height + NOTE_GAP <= window.innerHeight;
    setPlace({
      left: Math.max(NOTE_GAP, Math.min(input.left, window.innerWidth - own.width - NOTE_GAP)),
      top: below ? input.bottom + NOTE_GAP : input.top - own.height - NOTE_GAP,
    });
  }, [text]);
  return (
    <span
      ref={element}
      id={id}
      class={`rate-note ${isProblem ? 'problem' : ''}`}
      role={isProblem ? 'alert' : undefined}
      style={place ? { left: `${place.left}px`, top: `${place.top}px` } : {}}
    >
      {text}
    </span>
  );
}
