import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Plan, PlanPhase } from '../../src/shared/plan.ts';
import { SCHEDULE_NAMES, type Schedule } from '../../src/shared/schedule.ts';
import { scheduleName, whatTrains } from '../../src/shared/settingWords.ts';
import { termOf } from '../../src/shared/terms.ts';
import { stale } from '../store.ts';
import { NumberInput } from './numberInput.tsx';
import { ScheduleCurve } from './scheduleCurve.tsx';
import { Choice, set } from './settingInputs.tsx';
import { Term } from './term.tsx';

type ScheduleName = Schedule['name'];

const SCHEDULE_WORDS: Record<ScheduleName, () => string> = {
  constant: () => termOf('constant').title,
  cosine: () => termOf('cosine').title,
  oneCycle: () => termOf('oneCycle').title,
  slantedTriangle: () => termOf('slantedTriangle').title,
  reduceOnPlateau: () => termOf('reduceOnPlateau').title,
};

/** One row a phase: its epochs, how the rates change in it, and what trains. */
export function PhaseTable({ phases }: Pick<Plan, 'phases'>): JSX.Element {
  return (
    <table class="phase-table">
      <thead>
        <tr>
          <th scope="col">
            <Term id="phase">{t('Phase')}</Term>
          </th>
          <th scope="col">
            <Term id="epoch">{t('Epochs')}</Term>
          </th>
          <th scope="col">
            <Term id="schedule">{t('Rates')}</Term>
          </th>
          <th scope="col">{t('What trains')}</th>
        </tr>
      </thead>
      <tbody>
        {phases.map((phase, index) => (
          <PhaseRow key={`${index}:${phase.name}`} phase={phase} index={index} />
        ))}
      </tbody>
    </table>
  );
}

function PhaseRow({ phase, index }: { phase: PlanPhase; index: number }): JSX.Element {
  const { name, epochs, schedule } = phase;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <NumberInput
          label={t('Epochs of phase {0}', name)}
          value={epochs}
          min={1}
          max={100_000}
          disabled={stale.value}
          onCommit={(value) => set(['phases', index, 'epochs'], value)}
        />
      </td>
      <td>
        <span class="schedule-choice">
          <Choice
            label={t('Schedule of phase {0}', name)}
            value={scheduleName(schedule)}
            options={SCHEDULE_NAMES}
            words={SCHEDULE_WORDS}
            onChoose={(value) => set(['phases', index, 'schedule'], value === 'constant' ? undefined : value)}
          />
          <ScheduleCurve schedule={schedule} />
        </span>
      </td>
      <td class="what-trains" title={whatTrains(phase)}>
        {whatTrains(phase)}
      </td>
    </tr>
  );
}
