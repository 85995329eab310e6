import { t } from '@vscode/l10n';
import type { Level } from './advisor.ts';
import type { Plan } from './plan.ts';
import type { PlanEdit } from './planEdits.ts';

type QuadrantEdit = Extract<PlanEdit, { kind: 'quadrant' }>;

/** Where a plan rests on something else than what is measured. */
export interface AdviceOverride {
  about: 'data' | 'similarity';
  text: string;
  /** Goes back to what is measured. */
  edit: QuadrantEdit;
}

/** What a plan was made for and is not as measured, by the user's word or since things have changed. Null is not known. */
export function adviceOverrides(
  { advice }: Plan,
  measured: { data: Level | null; similarity: Level | null },
): AdviceOverride[] {
  if (!advice) return [];
  const overrides: AdviceOverride[] = [];
  const { data, similarity } = advice;
  if (measured.data && measured.data !== data) {
    const text = dataText(data, advice.dataSource === 'given');
    overrides.push({ about: 'data', text, edit: { kind: 'quadrant', data: measured.data, similarity } });
  }
  if (measured.similarity && measured.similarity !== similarity) {
    const text = similarityText(similarity, advice.similaritySource === 'given');
    overrides.push({ about: 'similarity', text, edit: { kind: 'quadrant', data, similarity: measured.similarity } });
  }
  return overrides;
}

function dataText(data: Level, isGiven: boolean): string {
  if (isGiven) {
    return data === 'low'
      ? t('You chose a low amount of data; counted, it is high.')
      : t('You chose a high amount of data; counted, it is low.');
  }
  return data === 'low'
    ? t('The plan was made for a low amount of data; counted, it is high.')
    : t('The plan was made for a high amount of data; counted, it is low.');
}

function similarityText(similarity: Level, isGiven: boolean): string {
  if (isGiven) {
    return similarity === 'low'
      ? t('You chose low similarity; measured, it is high.')
      : t('You chose high similarity; measured, it is low.');
  }
  return similarity === 'low'
    ? t('The plan was made for low similarity; measured, it is high.')
    : t('The plan was made for high similarity; measured, it is low.');
}
