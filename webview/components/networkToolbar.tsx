import { signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatCount } from '../../src/shared/format.ts';
import { activeIndex, hasSelection, rows } from '../networkState.ts';
import { editPlan, stale } from '../store.ts';
import { SpreadRates } from './spreadRates.tsx';

const spreadOpen = signal(false);

/** What changes many rows at once. */
export function NetworkToolbar(): JSX.Element {
  const row = rows.value.at(activeIndex.value);
  const block = hasSelection.value ? row?.blocks.at(-1) : undefined;
  const disabled = stale.value;
  const unfrozen = rows.value.filter((each) => each.kind === 'block' && each.learningRate !== null).length;
  return (
    <div class="toolbar" role="group" aria-label={t('Freeze and spread')}>
      <button
        type="button"
        class="tool"
        disabled={disabled || block === undefined}
        title={
          block === undefined
            ? t('Choose a block first')
            : t('Freezes {0} and every block before it, and unfreezes those after it', block)
        }
        onClick={() => block !== undefined && editPlan({ kind: 'freezeUpTo', block })}
      >
        {t('Freeze up to here')}
      </button>
      <button
        type="button"
        class="tool"
        disabled={disabled}
        onClick={() => editPlan({ kind: 'freezeAll', frozen: true })}
      >
        {t('Freeze all')}
      </button>
      <button
        type="button"
        class="tool"
        disabled={disabled}
        onClick={() => editPlan({ kind: 'freezeAll', frozen: false })}
      >
        {t('Freeze none')}
      </button>
      <button
        type="button"
        class="tool"
        disabled={disabled || unfrozen < 2}
        aria-expanded={spreadOpen.value}
        title={unfrozen < 2 ? t('Needs two unfrozen blocks') : t('Over {0} unfrozen blocks', formatCount(unfrozen))}
        onClick={() => (spreadOpen.value = !spreadOpen.value)}
      >
        {t('Spread rates')}
      </button>
      {spreadOpen.value && unfrozen >= 2 && <SpreadRates onDone={() => (spreadOpen.value = false)} />}
    </div>
  );
}
