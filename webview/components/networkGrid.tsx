import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { handleNetworkKey } from '../networkKeys.ts';
import { activeIndex, rows } from '../networkState.ts';
import { NetworkRowView, rateInputOf } from './networkRow.tsx';
import { Term } from './term.tsx';

/** Pixels; the style sheet says the same. */
const ROW_HEIGHT = 26;
/** Rows drawn above and below what is in view, so that scrolling never shows a gap. */
const MARGIN = 8;

/** The network as a tree grid. Only the rows in view are in the page: InceptionV3 opened has over 300. */
export function NetworkGrid(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const { value: all } = rows;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  const keepFocus = useKeptFocus(scroller);
  const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT) - MARGIN);
  const last = Math.min(all.length - 1, Math.ceil((view.top + view.height) / ROW_HEIGHT) + MARGIN);
  // The active row stays in the page even out of view: focus is on it.
  const shown = all.flatMap((_, index) =>
    (index >= first && index <= last) || index === activeIndex.value ? [index] : [],
  );
  return (
    <div
      role="treegrid"
      class="grid"
      aria-labelledby="network-title"
      aria-multiselectable="true"
      aria-rowcount={all.length + 1}
      aria-colcount={7}
      onKeyDown={(event) => onKeyDown(event, scroller.current)}
      {...keepFocus}
    >
      <Header />
      <div ref={scroller} role="rowgroup" class="grid-body">
        <div role="presentation" class="grid-rows" style={{ height: `${all.length * ROW_HEIGHT}px` }}>
          {shown.map((index) => (
            <NetworkRowView key={all[index].id} row={all[index]} index={index} top={index * ROW_HEIGHT} />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Brings the focus back to the active row when the row that had it is gone, as when blocks fold into a range. */
function useKeptFocus(scroller: { current: HTMLElement | null }): JSX.HTMLAttributes<HTMLDivElement> {
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (!hadFocus.current || document.activeElement !== document.body) return;
    scroller.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  });
  return {
    onFocusIn: (event) => (hadFocus.current = (event.target as Element).matches('.grid-body [role="row"]')),
    onFocusOut: (event) => {
      const { target, relatedTarget } = event;
      // A row that is taken out of the page loses the focus to nothing, and is still wanted.
      queueMicrotask(() => {
        if (relatedTarget !== null || (target as Element).isConnected) {
          hadFocus.current = document.activeElement?.matches('.grid-body [role="row"]') ?? false;
        }
      });
    },
  };
}

function Header(): JSX.Element {
  return (
    <div role="rowgroup" class="grid-head">
      <div role="row" class="grid-row" aria-rowindex={1}>
        <span role="columnheader" class="cell-name">
          {t('Name')}
        </span>
        <span role="columnheader" class="cell-state">
          <Term id="frozen">{t('State')}</Term>
        </span>
        <span role="columnheader" class="cell-type">
          {t('Type')}
        </span>
        <span role="columnheader" class="cell-shape">
          <Term id="outputShape">{t('Output')}</Term>
        </span>
        <span role="columnheader" class="cell-parameters">
          <Term id="parameters">{t('Parameters')}</Term>
        </span>
        <span role="columnheader" class="cell-rate">
          <Term id="learningRate">{t('Rate')}</Term>
        </span>
        <span role="columnheader" class="cell-movement">
          <Term id="movement">{t('Moved')}</Term>
        </span>
      </div>
    </div>
  );
}

function onKeyDown(event: KeyboardEvent, scroller: HTMLElement | null): void {
  const target = event.target as HTMLElement;
  if (!target.matches('.grid-body [role="row"]')) return;
  if (event.key === 'Enter' || event.key === 'F2') {
    rateInputOf(target)?.focus();
    rateInputOf(target)?.select();
    event.preventDefault();
  } else if (handleNetworkKey(event)) {
    event.preventDefault();
    if (scroller) reveal(scroller, activeIndex.value);
  }
}

/** Scrolls just as far as needed. */
function reveal(scroller: HTMLElement, index: number): void {
  const top = index * ROW_HEIGHT;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight) {
    scroller.scrollTop = top + ROW_HEIGHT - scroller.clientHeight;
  }
}
