import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type TermId, termOf } from '../../src/shared/terms.ts';
import { hideTooltip, keepTooltip, leaveTooltip, openTooltip, showTooltip } from '../tooltip.ts';

const TOOLTIP_ID = 'term-explanation';
/** Pixels between a word and its explanation, and between that and the edge of the view. */
const GAP = 6;

interface TermProps {
  id: TermId;
  /** What a click does besides; the explanation must say so. */
  onClick?: () => void;
  children?: ComponentChildren;
}

/** A word of the field, explained in a sentence when the pointer or the focus is on it. Escape closes the explanation. */
export function Term({ id, onClick, children }: TermProps): JSX.Element {
  const owner = useId();
  const element = useRef<HTMLButtonElement>(null);
  const isOpen = openTooltip.value?.owner === owner;
  const show = (): void => {
    if (element.current) showTooltip({ term: id, owner, anchor: element.current.getBoundingClientRect() });
  };
  return (
    <button
      ref={element}
      type="button"
      class="term"
      aria-describedby={isOpen ? TOOLTIP_ID : undefined}
      onMouseEnter={show}
      onMouseLeave={leaveTooltip}
      onFocus={show}
      onBlur={hideTooltip}
      onClick={() => {
        show();
        onClick?.();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') hideTooltip();
      }}
    >
      {children ?? termOf(id).title}
    </button>
  );
}

/** The one explanation that is open, drawn above everything else. */
export function Tooltip(): JSX.Element | null {
  const tooltip = openTooltip.value;
  const element = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  useLayoutEffect(() => {
    if (!tooltip || !element.current) return;
    const { width, height } = element.current.getBoundingClientRect();
    const { anchor } = tooltip;
    const below = anchor.bottom + GAP + height <= window.innerHeight - GAP;
    const left = Math.max(GAP, Math.min(anchor.left, window.innerWidth - width - GAP));
    setPlace({ left, top: below ? anchor.bottom + GAP : Math.max(GAP, anchor.top - GAP - height) });
  }, [tooltip]);
  useLayoutEffect(() => {
    if (!tooltip) return;
    const closeOnEscape = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') hideTooltip();
    };
    window.addEventListener('keydown', closeOnEscape);
    window.addEventListener('scroll', hideTooltip, true);
    return () => {
      window.removeEventListener('keydown', closeOnEscape);
      window.removeEventListener('scroll', hideTooltip, true);
    };
  }, [tooltip]);
  if (!tooltip) return null;
  const { title, text } = termOf(tooltip.term);
  return (
    <div
      ref={element}
      id={TOOLTIP_ID}
      role="tooltip"
      class="tooltip"
      style={{ left: `${place.left}px`, top: `${place.top}px` }}
      onMouseEnter={keepTooltip}
      onMouseLeave={leaveTooltip}
    >
      <strong>{title}</strong> {text}
    </div>
  );
}
