import { t } from '@vscode/l10n';
import { formatRate } from '../formatRate.ts';
import type { Plan, PlanPhase } from '../plan.ts';
import { scheduleWords, whatTrains } from '../settingWords.ts';
import { sameJson } from './planChanges.ts';

/** A setting that two plans have otherwise, in words. */
export interface SettingDifference {
  what: string;
  one: string;
  other: string;
}

/** The difference there is, or none. */
export function settingDifference(what: string, one: string, other: string): SettingDifference[] {
  return one === other ? [] : [{ what, one, other }];
}

/** Phases told one by one; what follows is counted. */
const MOST_PHASES = 4;

/**
 * How the phases of two plans differ: one line where they are others or take another time, else one for each setting of
 * each phase.
 *
 * @param namesOf names of blocks as they are read
 */
export function phaseDifferences(
  { phases: one }: Plan,
  { phases: other }: Plan,
  namesOf: (blocks: readonly string[]) => string,
): SettingDifference[] {
  const [first, second] = [one.map(phaseWords), other.map(phaseWords)];
  if (!sameJson(first, second)) return [{ what: t('Phases'), one: sequence(first), other: sequence(second) }];
  return one.flatMap((phase, index) => {
    const compare = (what: string, of: (each: PlanPhase) => string): SettingDifference[] =>
      settingDifference(what, of(phase), of(other[index]));
    return [
      ...compare(t('What trains in phase {0}', phase.name), (each) => whatTrains(each, namesOf)),
      ...compare(t('Rate of the head in phase {0}', phase.name), ({ headLearningRate }) =>
        headLearningRate === undefined ? t('that of all phases') : formatRate(headLearningRate),
      ),
      ...compare(t('Rates of blocks in phase {0}', phase.name), ({ learningRates }) =>
        learningRates === undefined ? t('those of all phases') : ownRates(learningRates),
      ),
      ...compare(t('Phase {0} begins with', phase.name), ({ restoreBest }) =>
        restoreBest === false ? t('the last weights') : t('the best weights'),
      ),
    ];
  });
}

/** `head for 5 epochs`, and how the rates change where they do. */
function phaseWords({ name, epochs, schedule }: PlanPhase): string {
  const words = epochs === 1 ? t('{0} for 1 epoch', name) : t('{0} for {1} epochs', name, epochs);
  const change = scheduleWords(schedule);
  return change === scheduleWords(undefined) ? words : t('{0} ({1})', words, change);
}

function sequence(phases: readonly string[]): string {
  const shown = phases.length > MOST_PHASES ? phases.slice(0, MOST_PHASES - 1) : phases;
  const words = shown.reduce((all, each) => t('{0}, then {1}', all, each));
  return shown.length === phases.length ? words : t('{0} and {1} more', words, phases.length - shown.length);
}

function ownRates(rates: NonNullable<PlanPhase['learningRates']>): string {
  const values = Object.values(rates);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? formatRate(low) : t('{0} to {1}', formatRate(low), formatRate(high));
}
