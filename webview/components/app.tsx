import type { JSX } from 'preact';
import { connected, plan, stale } from '../store.ts';
import { Advisor } from './advisor.tsx';
import { Charts } from './charts.tsx';
import { Network } from './network.tsx';
import { Problems } from './problems.tsx';
import { Summary } from './summary.tsx';
import { Tabs } from './tabs.tsx';
import { Tooltip } from './term.tsx';

/** The plan editor: what will train, what the data says, whether it works. */
export function App(): JSX.Element | null {
  if (!connected.value) return null;
  return (
    <main class="editor">
      <Summary />
      <Problems />
      <div class={`panels ${stale.value ? 'stale' : ''}`}>
        <div class="column">
          <Network />
          <Charts />
          <Tabs />
        </div>
        <div class="column">{plan.value && <Advisor />}</div>
      </div>
      <Tooltip />
    </main>
  );
}
