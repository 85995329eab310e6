import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../host.ts';
import { rows } from '../networkState.ts';
import { RateInput } from './rateInput.tsx';
import { Term } from './term.tsx';

/** Two rates, for the first and the last unfrozen block; those between follow by the same factor. */
export function SpreadRates({ onDone }: { onDone: () => void }): JSX.Element {
  const rates = rows.value.flatMap((row) => (row.kind === 'block' ? (row.learningRate ?? []) : []));
  const [low, setLow] = useState(rates[0]);
  const [high, setHigh] = useState(rates[rates.length - 1]);
  const apply = (): void => {
    post({ type: 'edit', edit: { kind: 'spreadRates', low, high } });
    onDone();
  };
  return (
    <div class="spread" role="group" aria-label="Spread learning rates">
      <Term id="spread">From</Term>
      <RateInput label="Rate of the first unfrozen block" rate={low} onCommit={setLow} onLeave={onDone} />
      to
      <RateInput label="Rate of the last unfrozen block" rate={high} onCommit={setHigh} onLeave={onDone} />
      <vscode-button onClick={apply}>Spread</vscode-button>
    </div>
  );
}
