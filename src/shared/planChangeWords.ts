import { t } from '@vscode/l10n';
import { formatRate } from './formatRate.ts';
import type { PlanChange } from './planEdits.ts';

/** What changes of freezing and rates mean, each in a few words; what only follows from another is left out. */
export function planChangeWords(changes: readonly PlanChange[]): string[] {
  return [...new Set(changes.flatMap(wordsOf))];
}

function wordsOf({ path, value }: PlanChange): string[] {
  const [part, name, key, layer, layerKey] = path.map(String);
  if (part === 'optimizer') return rateWords(t('the head'), value);
  if (part === 'phases') return phaseWords(key, layer, value);
  if (part !== 'blocks') return [];
  if (key === undefined) return blockWords(name, value);
  if (key === 'layers') return layer === undefined ? [] : settingWords(layer, layerKey, value);
  return settingWords(name, key, value);
}

/** A phase's own rates; which blocks it unfreezes follows from the blocks. */
function phaseWords(key: string, block: string | undefined, value: unknown): string[] {
  if (key === 'headLearningRate') return rateWords(t('the head'), value);
  return key === 'learningRates' && block !== undefined ? rateWords(block, value) : [];
}

/** A block or layer that the plan names anew, or no longer. */
function blockWords(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [t('{0} frozen', name)];
  return Object.entries(value).flatMap(([key, each]) => settingWords(name, key, each));
}

function settingWords(name: string, key: string | undefined, value: unknown): string[] {
  if (key === undefined) return blockWords(name, value);
  if (key === 'frozen') return [value === false ? t('{0} unfrozen', name) : t('{0} frozen', name)];
  return key === 'learningRate' ? rateWords(name, value) : [];
}

function rateWords(name: string, rate: unknown): string[] {
  return typeof rate === 'number' ? [t('{0} at {1}', name, formatRate(rate))] : [];
}
