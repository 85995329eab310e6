import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { loadedNetwork, network, plan } from '../store.ts';
import { rows } from '../networkState.ts';
import { Icon } from './icons.tsx';
import { NetworkGrid } from './networkGrid.tsx';
import { NetworkToolbar } from './networkToolbar.tsx';
import { Term } from './term.tsx';

/** What of the network trains, and how fast. */
export function Network(): JSX.Element {
  return (
    <section class="panel network" aria-labelledby="network-title">
      <div class="panel-head">
        <h2 id="network-title">{t('Network')}</h2>
        {loadedNetwork.value && plan.value && <NetworkToolbar />}
      </div>
      <Content />
    </section>
  );
}

function Content(): JSX.Element {
  const { value: loadable } = network;
  if (loadable.state === 'loading') return <p class="quiet">{t('The network is being read.')}</p>;
  if (loadable.state === 'failed') {
    return (
      <p class="failure">
        <Icon name="error" /> {loadable.problem}
      </p>
    );
  }
  if (!plan.value) return <p class="quiet">{t('The network appears here once the text of the plan is valid.')}</p>;
  return (
    <>
      <NetworkGrid />
      <Warnings />
    </>
  );
}

/** Reasons against rates that are allowed nevertheless. */
function Warnings(): JSX.Element | null {
  const warnings = rows.value.flatMap((row) => row.warning ?? []);
  if (warnings.length === 0) return null;
  return (
    <ul class="network-warnings" aria-label={t('Reasons against learning rates')}>
      {warnings.map((warning) => (
        <li key={warning}>
          <Icon name="warning" /> <span>{warning}</span> <Term id="headLearningRate">{t('Why?')}</Term>
        </li>
      ))}
    </ul>
  );
}
