import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { tab, TABS, type Tab } from '../viewState.ts';
import { DataPanel } from './dataPanel.tsx';
import { OptionsPanel } from './optionsPanel.tsx';
import { RunsPanel } from './runsPanel.tsx';
import { SchedulePanel } from './schedulePanel.tsx';

const TITLES: Record<Tab, () => string> = {
  data: () => t('Data'),
  schedule: () => t('Schedule'),
  options: () => t('Options'),
  runs: () => t('Runs'),
};
const STEPS: Partial<Record<string, (index: number) => number>> = {
  ArrowLeft: (index) => (index + TABS.length - 1) % TABS.length,
  ArrowRight: (index) => (index + 1) % TABS.length,
  Home: () => 0,
  End: () => TABS.length - 1,
};

/** What is looked at now and then. */
export function Tabs(): JSX.Element {
  const { value: shown } = tab;
  return (
    <section class="panel tabs" aria-label={t('More of the plan')}>
      <div class="tab-list" role="tablist" aria-label={t('More of the plan')} onKeyDown={moveTab}>
        {TABS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`tab-${each}`}
            class="tab"
            aria-selected={each === shown}
            aria-controls="tab-panel"
            tabIndex={each === shown ? 0 : -1}
            onClick={() => (tab.value = each)}
          >
            {TITLES[each]()}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" class="tab-panel" aria-labelledby={`tab-${shown}`}>
        {shown === 'data' && <DataPanel />}
        {shown === 'schedule' && <SchedulePanel />}
        {shown === 'options' && <OptionsPanel />}
        {shown === 'runs' && <RunsPanel />}
      </div>
    </section>
  );
}

function moveTab(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  tab.value = TABS[step(TABS.indexOf(tab.value))];
  document.getElementById(`tab-${tab.value}`)?.focus();
}
