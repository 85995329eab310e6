import type { JSX } from 'preact';
import type { PlanPhase } from '../../src/shared/plan.ts';
import { plateauFactor, resolveSchedule, scheduleFactor } from '../../src/shared/schedule.ts';

const WIDTH = 56;
const HEIGHT = 18;
const POINTS = 80;

/** The course of the rates over a phase as a small picture beside its name. */
export function ScheduleCurve({ schedule: setting }: Pick<PlanPhase, 'schedule'>): JSX.Element {
  const schedule = resolveSchedule(setting);
  // A loss that never falls again after the first epoch, to show what a plateau does.
  const epochs = 10;
  const points = Array.from({ length: POINTS }, (_, step) => {
    const losses = new Array<number>(Math.floor((step / POINTS) * epochs)).fill(1);
    const factor = scheduleFactor(schedule, step, POINTS) * plateauFactor(schedule, losses);
    return `${((step / (POINTS - 1)) * WIDTH).toFixed(1)},${(1 + (1 - factor) * (HEIGHT - 2)).toFixed(1)}`;
  });
  return (
    <svg class="schedule-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
