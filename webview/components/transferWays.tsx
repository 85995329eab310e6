import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { applyPlanEdit, TRANSFER_WAYS } from '../../src/shared/planEdits.ts';
import { termOf } from '../../src/shared/terms.ts';
import { editPlan, loadedNetwork, plan, planSources, stale } from '../store.ts';
import { Icon } from './icons.tsx';

type Way = (typeof TRANSFER_WAYS)[number];

/** The three ways of transfer by name, each with its sentence; choosing one rewrites the plan in one undo step. */
export function TransferWays(): JSX.Element {
  return (
    <div class="ways">
      <h3 id="ways-title">{t('Or choose a way of transfer')}</h3>
      <ul aria-labelledby="ways-title">
        {TRANSFER_WAYS.map((way) => (
          <li key={way}>
            <WayButton way={way} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function WayButton({ way }: { way: Way }): JSX.Element {
  const { title, text } = termOf(way);
  const isPresent = followsWay(way);
  const canChoose = !isPresent && !stale.value && loadedNetwork.value !== null;
  return (
    <button
      type="button"
      class="way"
      aria-pressed={isPresent}
      aria-disabled={!canChoose}
      onClick={() => canChoose && editPlan({ kind: 'way', way })}
    >
      <span class="way-mark">
        <Icon name={isPresent ? 'check' : 'circle'} />
      </span>
      <span class="way-title">{title}</span>
      <span class="way-text">{text}</span>
    </button>
  );
}

/** Whether choosing this way would change nothing. */
function followsWay(way: Way): boolean {
  const { value: shownPlan } = plan;
  if (!shownPlan || !loadedNetwork.value) return false;
  return applyPlanEdit(shownPlan, { kind: 'way', way }, planSources.value).changes.length === 0;
}
