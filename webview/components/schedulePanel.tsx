import type { ComponentChildren, JSX } from 'preact';
import { AUGMENT_PRESETS, BATCH_NORM_POLICIES, type Plan } from '../../src/shared/plan.ts';
import type { PlanEdit } from '../../src/shared/planEdits.ts';
import type { TermId } from '../../src/shared/terms.ts';
import { post } from '../host.ts';
import { plan, stale } from '../store.ts';
import { NumberInput } from './numberInput.tsx';
import { Term } from './term.tsx';

type Path = Extract<PlanEdit, { kind: 'setting' }>['path'];

/** The phases of the plan and the few settings that are changed most; the rest is text. */
export function SchedulePanel(): JSX.Element {
  const { value: shownPlan } = plan;
  if (!shownPlan) return <p class="quiet">The schedule appears here once the text of the plan is valid.</p>;
  return (
    <div class="schedule">
      <Phases plan={shownPlan} />
      <Settings plan={shownPlan} />
    </div>
  );
}

function Phases({ plan: { phases } }: { plan: Plan }): JSX.Element {
  return (
    <table class="phase-table">
      <thead>
        <tr>
          <th scope="col">
            <Term id="phase">Phase</Term>
          </th>
          <th scope="col">
            <Term id="epoch">Epochs</Term>
          </th>
          <th scope="col">What trains</th>
        </tr>
      </thead>
      <tbody>
        {phases.map(({ name, epochs, unfreeze }, index) => (
          <tr key={`${index}:${name}`}>
            <th scope="row">{name}</th>
            <td>
              <NumberInput
                label={`Epochs of phase ${name}`}
                value={epochs}
                min={1}
                max={100_000}
                disabled={stale.value}
                onCommit={(value) => set(['phases', index, 'epochs'], value)}
              />
            </td>
            <td>{whatTrains(unfreeze)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function whatTrains(unfreeze: readonly string[] | undefined): string {
  if (unfreeze === undefined) return 'the head and every unfrozen block';
  return unfreeze.length === 0 ? 'the head' : `the head and ${unfreeze.join(', ')}`;
}

function Settings({ plan: shown }: { plan: Plan }): JSX.Element {
  const { batchSize, batchNorm, augment, earlyStopping, head } = shown;
  const preset = typeof augment === 'string' ? augment : 'custom';
  return (
    <div class="settings">
      <Setting term="batchSize" title="Batch size">
        <NumberInput
          label="Batch size"
          value={batchSize}
          min={1}
          max={4096}
          disabled={stale.value}
          onCommit={(value) => set(['batchSize'], value)}
        />
      </Setting>
      <Setting term="augmentation" title="Augmentation">
        <Choice
          label="Augmentation"
          value={preset}
          options={preset === 'custom' ? ['custom', ...AUGMENT_PRESETS] : AUGMENT_PRESETS}
          onChoose={(value) => value !== 'custom' && set(['augment'], value)}
        />
      </Setting>
      <Setting term="batchNorm" title="Batch normalization">
        <Choice
          label="Batch normalization"
          value={batchNorm}
          options={BATCH_NORM_POLICIES}
          onChoose={(value) => set(['batchNorm'], value)}
        />
      </Setting>
      <Setting term="earlyStopping" title="Early stopping after">
        <NumberInput
          label="Epochs without improvement before a phase ends; 0 never ends one early"
          value={earlyStopping?.patience ?? 0}
          min={0}
          max={1000}
          disabled={stale.value}
          onCommit={(patience) => set(['earlyStopping'], patience === 0 ? null : { patience })}
        />
      </Setting>
      <Setting term="dropout" title="Dropout in the head">
        <NumberInput
          label="Dropout in the head"
          value={head.dropout}
          min={0}
          max={0.95}
          step={0.05}
          disabled={stale.value}
          onCommit={(value) => set(['head', 'dropout'], value)}
        />
      </Setting>
    </div>
  );
}

function Setting({ term, title, children }: { term: TermId; title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="setting">
      <Term id={term}>{title}</Term>
      {children}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly string[];
  onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps): JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      disabled={stale.value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

function set(path: Path, value: unknown): void {
  post({ type: 'edit', edit: { kind: 'setting', path, value } });
}
