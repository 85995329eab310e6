import type { JSX } from 'preact';
import { formatPercent } from '../../src/shared/format.ts';
import { post } from '../host.ts';
import { run, runs } from '../store.ts';
import { STATE_WORDS } from './runWords.ts';
import { Term } from './term.tsx';

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The runs of this plan; choosing one shows its charts. */
export function RunsPanel(): JSX.Element {
  if (runs.value.length === 0) return <p class="quiet">No runs yet. Start trains the plan and keeps every run.</p>;
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Best <Term id="validation">validation</Term> accuracy
          </th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {runs.value.map((each) => (
          <tr key={each.run} class={each.run === run.value?.run ? 'shown' : ''}>
            <td>
              <button
                type="button"
                class="link"
                aria-current={each.run === run.value?.run ? 'true' : undefined}
                onClick={() => post({ type: 'showRun', run: each.run })}
              >
                {each.name}
              </button>
            </td>
            <td>{STATE_WORDS[each.state]}</td>
            <td class="number numbers">{each.accuracy === null ? 'none yet' : formatPercent(each.accuracy)}</td>
            <td class="numbers">{each.startedAt === null ? '' : DATE.format(new Date(each.startedAt))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
