import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { countBlocks, countClasses, countLayers } from '../../src/shared/counts.ts';
import { formatCount } from '../../src/shared/format.ts';
import type { NetworkRow, RowState } from '../../src/shared/networkRows.ts';
import { planBlockOf } from '../../src/shared/trainableLayers.ts';
import { emphasis } from '../emphasis.ts';
import { activate, activeIndex, canFreeze, hasSelection, selection, toggleRow } from '../networkState.ts';
import { editPlan, loadedNetwork, plan, stale } from '../store.ts';
import { setExpanded } from '../viewState.ts';
import { Icon, type IconName } from './icons.tsx';
import { MovementBar } from './movementBar.tsx';
import { RateInput } from './rateInput.tsx';

const STATE_ICONS: Record<RowState, IconName> = {
  frozen: 'snowflake',
  trains: 'flame',
  mixed: 'mixed',
  noWeights: 'dash',
};
const STATE_WORDS: Record<RowState, () => string> = {
  frozen: () => t('frozen'),
  trains: () => t('trains'),
  mixed: () => t('mixed'),
  noWeights: () => t('no weights'),
};
/** Learning rates that are drawn coldest and warmest. */
const COOL_RATE = 1e-6;
const WARM_RATE = 1e-3;

/** One row of the network: a range of frozen blocks, a block, a layer or the head. */
export function NetworkRowView({ row, index, top }: { row: NetworkRow; index: number; top: number }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const isActive = index === activeIndex.value;
  useLayoutEffect(() => {
    const focused = document.activeElement;
    const isElsewhere = focused !== element.current && focused?.matches('.grid-body [role="row"]');
    // The focus follows the active row while it is on a row at all.
    if (isActive && isElsewhere) element.current?.focus({ preventScroll: true });
  }, [isActive]);
  const [from, to] = selection.value;
  const isSelected = hasSelection.value && index >= from && index <= to;
  const shape = row.outputShape.map((size) => size ?? '?').join('×');
  const isEmphasized = emphasis.value !== null && row.blocks.some((block) => emphasis.value?.blocks.includes(block));
  return (
    <div
      ref={element}
      role="row"
      class={`grid-row ${row.kind} ${row.state} ${isSelected ? 'selected' : ''} ${isEmphasized ? 'emphasized' : ''}`}
      data-id={row.id}
      style={{ top: `${top}px`, '--level': row.level, '--heat': heatOf(row) }}
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-expanded={row.open ?? undefined}
      aria-selected={isSelected}
      onMouseDown={(event) => choose(event, index)}
      onFocus={(event) => {
        if (event.target === event.currentTarget && index !== activeIndex.value) activate(index);
      }}
      onMouseEnter={() => (emphasis.value = row.kind === 'foldedRange' ? null : { blocks: row.blocks })}
      onMouseLeave={() => (emphasis.value = null)}
    >
      <NameCell row={row} />
      <StateCell row={row} index={index} />
      <span role="gridcell" class="cell-type quiet" title={row.type ?? undefined}>
        {typeOf(row)}
      </span>
      <span role="gridcell" class="cell-shape numbers quiet" title={shape}>
        {shape}
      </span>
      <span role="gridcell" class="cell-parameters numbers">
        {row.state === 'noWeights' ? '' : formatCount(row.parameters)}
      </span>
      <span role="gridcell" class="cell-rate">
        <Rate row={row} isActive={isActive} />
      </span>
      <span role="gridcell" class="cell-movement">
        {row.movement !== null && row.kind !== 'foldedRange' && <MovementBar movement={row.movement} />}
      </span>
    </div>
  );
}

/** The input for the learning rate in a row, if it has one. */
export function rateInputOf(row: HTMLElement): HTMLInputElement | null {
  return row.querySelector('.rate-input');
}

/** The pointer chooses a row, or with Shift all rows up to it; what is inside keeps its own meaning. */
function choose(event: JSX.TargetedMouseEvent<HTMLDivElement>, index: number): void {
  const target = event.target as Element;
  if (target.closest('input')) {
    activate(index);
    return;
  }
  event.preventDefault();
  const [from, to] = selection.value;
  const onSwitch = target.closest('.freeze') !== null;
  // A press on the switch of a selected row is meant for all that are selected.
  if (!onSwitch || event.shiftKey || index < from || index > to) activate(index, event.shiftKey);
  event.currentTarget.focus({ preventScroll: true });
}

function NameCell({ row }: { row: NetworkRow }): JSX.Element {
  const { open, expandKeys } = row;
  return (
    <span role="gridcell" class="cell-name">
      {open === null ? (
        <span class="twisty" />
      ) : (
        <button
          type="button"
          class={`twisty ${open ? 'open' : ''}`}
          tabIndex={-1}
          aria-label={open ? t('Close {0}', row.name) : t('Open {0}', row.name)}
          onClick={() => setExpanded(expandKeys, !open)}
        >
          <Icon name="chevron" />
        </button>
      )}
      <span class="row-name" title={row.name} onDblClick={() => open !== null && setExpanded(expandKeys, !open)}>
        {row.name}
      </span>
    </span>
  );
}

function StateCell({ row, index }: { row: NetworkRow; index: number }): JSX.Element {
  const content = (
    <>
      <Icon name={STATE_ICONS[row.state]} />
      <span>{STATE_WORDS[row.state]()}</span>
    </>
  );
  return (
    <span role="gridcell" class="cell-state">
      {canFreeze(row) ? (
        <button
          type="button"
          role="checkbox"
          class="freeze"
          tabIndex={-1}
          aria-checked={row.state === 'mixed' ? 'mixed' : row.state === 'frozen'}
          aria-label={t('{0} frozen', row.name)}
          aria-disabled={stale.value}
          title={row.state === 'frozen' ? t('Unfreeze (Space)') : t('Freeze (Space)')}
          onClick={(event) => !event.shiftKey && toggleRow(index)}
        >
          {content}
        </button>
      ) : (
        <span
          class="freeze fixed"
          title={row.kind === 'head' ? t('The head always trains') : t('Nothing to freeze or train')}
        >
          {content}
        </span>
      )}
    </span>
  );
}

function Rate({ row, isActive }: { row: NetworkRow; isActive: boolean }): JSX.Element | null {
  if (row.learningRate === null || row.kind === 'foldedRange') return null;
  return (
    <RateInput
      label={t('Learning rate of {0}', row.name)}
      rate={row.learningRate}
      inherited={!hasOwnRate(row)}
      disabled={stale.value}
      tabIndex={isActive ? 0 : -1}
      warning={row.warning}
      onCommit={(rate) => setRate(row, rate)}
      onClear={row.kind === 'layer' && hasOwnRate(row) ? () => setRate(row, null) : undefined}
      onLeave={() => document.querySelector<HTMLElement>('.grid-body [role="row"][tabindex="0"]')?.focus()}
    />
  );
}

function setRate(row: NetworkRow, rate: number | null): void {
  const [block] = row.blocks;
  if (row.kind === 'layer') editPlan({ kind: 'layerRate', block, layer: row.name, rate });
  else if (rate === null) return;
  else if (row.kind === 'head') editPlan({ kind: 'headRate', rate });
  else editPlan({ kind: 'blockRate', block, rate });
}

/** A layer without a rate of its own shows that of its block. */
function hasOwnRate(row: NetworkRow): boolean {
  if (row.kind !== 'layer' || !plan.value) return true;
  const layers = new Map(Object.entries(planBlockOf(plan.value, row.blocks[0])?.layers ?? {}));
  return layers.get(row.name)?.learningRate !== undefined;
}

function typeOf(row: NetworkRow): string {
  if (row.kind === 'foldedRange') return countBlocks(row.blocks.length);
  if (row.kind === 'layer') return row.type ?? '';
  if (row.kind === 'head') return countClasses(row.outputShape.at(-1) ?? 0);
  const block = loadedNetwork.value?.blocks.find(({ name }) => name === row.name);
  return countLayers(block?.layers.length ?? 0);
}

/** 0 for what is frozen or barely moves, 1 for the rate of a head. */
function heatOf(row: NetworkRow): number {
  if (row.learningRate === null) return 0;
  const share = Math.log(row.learningRate / COOL_RATE) / Math.log(WARM_RATE / COOL_RATE);
  return Math.round(100 * Math.min(1, Math.max(0, share))) / 100;
}
