import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { rows } from '../networkState.ts';
import { editPlan } from '../store.ts';
import { RateInput } from './rateInput.tsx';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

/** Two rates, for the first and the last unfrozen block; those between follow by the same factor. */
export function SpreadRates({ onDone }: { onDone: () => void }): JSX.Element {
  const rates = rows.value.flatMap((row) => (row.kind === 'block' ? (row.learningRate ?? []) : []));
  const [low, setLow] = useState(rates[0]);
  const [high, setHigh] = useState(rates[rates.length - 1]);
  const apply = (): void => {
    editPlan({ kind: 'spreadRates', low, high });
    onDone();
  };
  return (
    <div class="spread" role="group" aria-label={t('Spread learning rates')}>
      <Sentence
        text={t('<0>From</0> {0} to {1}')}
        values={[
          <RateInput label={t('Rate of the first unfrozen block')} rate={low} onCommit={setLow} onLeave={onDone} />,
          <RateInput label={t('Rate of the last unfrozen block')} rate={high} onCommit={setHigh} onLeave={onDone} />,
        ]}
        marks={[(words) => <Term id="spread">{words}</Term>]}
      />
      <vscode-button onClick={apply}>{t('Spread')}</vscode-button>
    </div>
  );
}
