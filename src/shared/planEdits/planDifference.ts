import { t } from '@vscode/l10n';
import { formatList } from '../format.ts';
import { formatRate } from '../formatRate.ts';
import { type NetworkRow, networkRows } from '../networkRows.ts';
import type { Plan } from '../plan.ts';
import type { PlanChange } from '../planEdits.ts';
import type { PlanNetwork } from '../planView.ts';
import { BATCH_NORM_WORDS, augmentWords, earlyStoppingWords, optimizerWords } from '../settingWords.ts';
import { phaseDifferences, type SettingDifference, settingDifference } from './phaseDifference.ts';

/** From so many blocks on their rates are told together. */
const MANY_RATES = 3;
/** From so many neighbouring blocks on only the first and the last are named. */
const MANY_BLOCKS = 3;

/** What an edit changes of freezing, rates, phases and all else that the advisor decides, each with what there is now. */
export function appliedChanges(before: Plan, after: Plan, network: PlanNetwork): string[] {
  const settings = settingDifferences(before, after, network);
  return [
    ...freezeChanges(before, after, network),
    ...settings.map(({ what, one, other }) => t('{0}: {1} (now {2})', what, other, one)),
  ];
}

/** Where a plan has settings of its own, each with the recommended one. */
export function ownSettings(plan: Plan, recommended: Plan, network: PlanNetwork): string[] {
  return settingDifferences(plan, recommended, network).map(({ what, one, other }) =>
    t('{0}: {1} (recommended: {2})', what, one, other),
  );
}

/** Whether changes leave alone which blocks train when: what tells one quadrant's plan from another's. */
export function keepsWhatTrains(changes: readonly PlanChange[]): boolean {
  return changes.every(({ path }) => {
    const [part] = path;
    if (part === 'blocks') return path.at(-1) === 'learningRate';
    if (part === 'phases') return path.length > 1 && path[2] !== 'unfreeze';
    return part !== 'weights';
  });
}

function freezeChanges(before: Plan, after: Plan, network: PlanNetwork): string[] {
  const [was, is] = [blockRows(before, network), blockRows(after, network)];
  const changed = (from: NetworkRow['state'], to: NetworkRow['state']): NetworkRow[] =>
    is.filter(({ state }, index) => state === to && was[index].state === from);
  const words = (rows: readonly NetworkRow[], of: (blocks: string, rates: string) => string): string[] =>
    rows.length === 0 ? [] : [of(namesOf(rows, network), ratesOf(rows))];
  return [
    ...words(changed('frozen', 'trains'), (blocks, rates) => t('Unfreeze {0} at {1} (now frozen)', blocks, rates)),
    ...words(changed('mixed', 'trains'), (blocks) => t('Unfreeze {0} (now frozen in part)', blocks)),
    ...words(changed('trains', 'frozen'), (blocks) => t('Freeze {0} (now unfrozen)', blocks)),
    ...words(changed('mixed', 'frozen'), (blocks) => t('Freeze {0} (now unfrozen in part)', blocks)),
  ];
}

/** All but which blocks are frozen, in the order of the plan. */
function settingDifferences(one: Plan, other: Plan, network: PlanNetwork): SettingDifference[] {
  const compare = (what: string, of: (plan: Plan) => string): SettingDifference[] =>
    settingDifference(what, of(one), of(other));
  return [
    ...compare(t('Starting weights'), ({ weights }) =>
      weights === 'random' ? t({ message: 'random', comment: 'Starting weights' }) : t('pretrained'),
    ),
    ...blockRateDifferences(one, other, network),
    ...compare(t('Layers with rates of their own'), layersWithRates),
    ...compare(t('Rate of the head'), (plan) => formatRate(plan.optimizer.headLearningRate)),
    ...phaseDifferences(one, other, (blocks) => blockNames(blocks, network)),
    ...compare(t('Optimizer'), ({ optimizer }) => optimizerWords(optimizer)),
    ...compare(t('Batch normalization'), ({ batchNorm }) => BATCH_NORM_WORDS[batchNorm]()),
    ...compare(t('Augmentation'), ({ augment }) => augmentWords(augment)),
    ...compare(t('Early stopping'), ({ earlyStopping }) => earlyStoppingWords(earlyStopping)),
    ...compare(t('Dropout in the head'), ({ head }) => String(head.dropout)),
    ...compare(t('L2 on the head'), ({ head }) => String(head.l2)),
  ];
}

/** Of blocks that train in both plans. */
function blockRateDifferences(one: Plan, other: Plan, network: PlanNetwork): SettingDifference[] {
  const rows = blockRows(other, network);
  const pairs = blockRows(one, network).map((row, index) => [row, rows[index]] as const);
  const changed = pairs.filter(
    ([first, second]) =>
      first.learningRate !== null && second.learningRate !== null && first.learningRate !== second.learningRate,
  );
  const differences = (some: typeof changed, what: string): SettingDifference => ({
    what,
    one: ratesOf(some.map(([first]) => first)),
    other: ratesOf(some.map(([, second]) => second)),
  });
  if (changed.length < MANY_RATES) {
    return changed.map((pair) => differences([pair], t('Rate of {0}', pair[0].name)));
  }
  const blocks = changed.map(([first]) => first);
  return [differences(changed, t('Rates of {0}', namesOf(blocks, network)))];
}

function layersWithRates({ blocks }: Plan): string {
  const layers = Object.values(blocks).flatMap((block) => Object.entries(block.layers ?? {}));
  const names = layers.filter(([, { learningRate }]) => learningRate !== undefined).map(([name]) => name);
  return names.length === 0 ? t({ message: 'none', comment: 'No layers' }) : formatList(names);
}

/** One row a block, as the network list has it. */
function blockRows(plan: Plan, network: PlanNetwork): NetworkRow[] {
  const expanded = new Set(network.blocks.map(({ name }) => `range:${name}`));
  return networkRows(plan, network, { expanded }).filter(({ kind }) => kind === 'block');
}

function namesOf(rows: readonly NetworkRow[], network: PlanNetwork): string {
  return blockNames(
    rows.map(({ name }) => name),
    network,
  );
}

/** `block_2, block_5 to block_9`: in the order of the network. */
function blockNames(names: readonly string[], network: PlanNetwork): string {
  const runs: string[][] = [];
  let run: string[] = [];
  for (const { name } of network.blocks) {
    if (!names.includes(name)) run = [];
    else if (run.push(name) === 1) runs.push(run);
  }
  return formatList(
    runs.flatMap((each) => (each.length < MANY_BLOCKS ? each : [t('{0} to {1}', each[0], each[each.length - 1])])),
  );
}

/** `1e-4`, or `1e-5 to 1e-4` from the first block to the last. */
function ratesOf(rows: readonly NetworkRow[]): string {
  const rates = rows.flatMap(({ learningRate }) => (learningRate === null ? [] : [formatRate(learningRate)]));
  const [first, last] = [rates[0], rates[rates.length - 1]];
  return new Set(rates).size === 1 ? first : t('{0} to {1}', first, last);
}
