import { computed, signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { quadrantReason, quadrantSentence, type Level } from '../../src/shared/advisor.ts';
import { countImages } from '../../src/shared/counts.ts';
import { formatCount, formatList } from '../../src/shared/format.ts';
import { applyPlanEdit, type PlanEdit } from '../../src/shared/planEdits.ts';
import { changedParts, keepsWhatTrains } from '../../src/shared/planEdits/planDifference.ts';
import { recommendQuadrant } from '../../src/shared/planEdits/recommended.ts';
import type { PlanData } from '../../src/shared/planView.ts';
import { editPlan, loadedData, loadedNetwork, network, plan, stale } from '../store.ts';
import { Icon } from './icons.tsx';
import { Term } from './term.tsx';
import { TransferWays } from './transferWays.tsx';

interface Quadrant {
  data: Level;
  similarity: Level;
}

/** As the map shows them: much data above, similar images to the right. */
const QUADRANTS: readonly Quadrant[] = [
  { data: 'high', similarity: 'low' },
  { data: 'high', similarity: 'high' },
  { data: 'low', similarity: 'low' },
  { data: 'low', similarity: 'high' },
];
const COLUMNS = 2;
const STEPS: Partial<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

/** The quadrant looked at; null is the one of the plan. */
const chosen = signal<Quadrant | null>(null);
const measuredLevel = computed<Level>(() => loadedData.value?.band.quadrantData ?? plan.value?.advice?.data ?? 'low');
const quadrant = computed<Quadrant>(
  () =>
    chosen.value ?? {
      data: plan.value?.advice?.data ?? measuredLevel.value,
      similarity: plan.value?.advice?.similarity ?? 'high',
    },
);

/** What amount and similarity of the data say about how much to unfreeze. */
export function Advisor(): JSX.Element {
  return (
    <section class="panel advisor" aria-labelledby="advisor-title">
      <h2 id="advisor-title">
        <Term id="quadrant">{t('Advisor')}</Term>
      </h2>
      <QuadrantMap />
      <Advice />
      <TransferWays />
    </section>
  );
}

function QuadrantMap(): JSX.Element {
  return (
    <div class="map">
      <div class="map-axis vertical">
        <Term id="dataAmount">{t('Data')}</Term>
        <span class="map-high">{t({ message: 'high', comment: 'The amount of data' })}</span>
        <span class="map-low">{t({ message: 'low', comment: 'The amount of data' })}</span>
      </div>
      <div class="map-cells" role="radiogroup" aria-label={t('Amount of data and similarity')} onKeyDown={moveOnMap}>
        {QUADRANTS.map((each) => (
          <Cell key={quadrantId(each)} quadrant={each} />
        ))}
      </div>
      <div class="map-axis horizontal">
        <span class="map-low">{t({ message: 'low', comment: 'The similarity of the images' })}</span>
        <Term id="similarity">{t('Similarity')}</Term>
        <span class="map-high">{t({ message: 'high', comment: 'The similarity of the images' })}</span>
      </div>
    </div>
  );
}

function Cell({ quadrant: own }: { quadrant: Quadrant }): JSX.Element {
  const checked = sameQuadrant(own, quadrant.value);
  const { value: images } = loadedData;
  const similarity = plan.value?.advice?.similarity ?? 'high';
  const hasPoint = images !== null && images.band.quadrantData === own.data && similarity === own.similarity;
  return (
    <div
      id={quadrantId(own)}
      role="radio"
      class="map-cell"
      aria-checked={checked}
      aria-label={hasPoint ? t('{0}. Your data', describeCell(own)) : describeCell(own)}
      tabIndex={checked ? 0 : -1}
      onClick={() => (chosen.value = own)}
    >
      <span class="map-sentence">{quadrantSentence(own.data, own.similarity)}</span>
      {hasPoint && (
        <span class="map-lane">
          <span
            class="map-point"
            title={t(
              'Your data: {0}, {1} in the smallest class',
              countImages(images.band.images),
              formatCount(images.band.smallestClass),
            )}
            style={{ bottom: `${pointHeight(images) * 100}%` }}
          />
        </span>
      )}
    </div>
  );
}

/** A cell for those who do not see where it is on the map. */
function describeCell({ data, similarity }: Quadrant): string {
  const sentence = quadrantSentence(data, similarity);
  if (data === 'low') {
    return similarity === 'low'
      ? t('{0}. Data low, similarity low', sentence)
      : t('{0}. Data low, similarity high', sentence);
  }
  return similarity === 'low'
    ? t('{0}. Data high, similarity low', sentence)
    : t('{0}. Data high, similarity high', sentence);
}

/** Images of the smallest class where a quadrant begins and ends, for the place of the point in it. */
const RANGES: Record<Level, readonly [number, number]> = { low: [10, 500], high: [500, 10_000] };

function pointHeight({ band }: PlanData): number {
  const [from, to] = RANGES[band.quadrantData];
  const share = Math.log(Math.max(1, band.smallestClass) / from) / Math.log(to / from);
  return Math.min(1, Math.max(0, share));
}

function moveOnMap(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const index = QUADRANTS.findIndex((each) => sameQuadrant(each, quadrant.value));
  if (event.key === ' ' || event.key === 'Enter') {
    event.preventDefault();
    chosen.value = quadrant.value;
  }
  if (step === undefined) return;
  event.preventDefault();
  const sameRow = Math.floor((index + step) / COLUMNS) === Math.floor(index / COLUMNS);
  const next = QUADRANTS.at(index + step);
  if (index + step < 0 || !next || (Math.abs(step) === 1 && !sameRow)) return;
  chosen.value = next;
  document.getElementById(quadrantId(next))?.focus();
}

function Advice(): JSX.Element | null {
  const { value: shownPlan } = plan;
  const { value: shownNetwork } = loadedNetwork;
  const { data, similarity } = quadrant.value;
  if (!shownPlan || !shownNetwork) return <WaitingForNetwork />;
  const source = { network: shownNetwork, data: loadedData.value };
  const advice = recommendQuadrant(shownPlan, source, data, similarity);
  const edit: PlanEdit = { kind: 'quadrant', data, similarity };
  const { changes } = applyPlanEdit(shownPlan, edit, shownNetwork, loadedData.value);
  return (
    <div class="advice" aria-live="polite">
      <div class="advice-head">
        <h3>{advice.sentence}</h3>
        {keepsWhatTrains(changes) ? (
          <span class="advice-followed">
            <Icon name="check" /> {t('The plan follows this')}
          </span>
        ) : (
          <vscode-button disabled={stale.value} onClick={() => applyQuadrant(edit)}>
            {t('Apply')}
          </vscode-button>
        )}
      </div>
      {keepsWhatTrains(changes) && <OwnSettings parts={changedParts(changes)} onReset={() => applyQuadrant(edit)} />}
      <ul class="reasons">
        {advice.reasons
          .filter((reason) => reason !== quadrantReason(advice.sentence))
          .map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        {advice.warnings.map((warning) => (
          <li key={warning.code} class="reason-warning">
            <Icon name="warning" /> {warning.text}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where a plan that follows the advice differs from it: on purpose, mostly. */
function OwnSettings({ parts, onReset }: { parts: readonly string[]; onReset: () => void }): JSX.Element | null {
  if (parts.length === 0) return null;
  return (
    <p class="own-settings quiet">
      {t('With settings of its own: {0}.', formatList(parts))}{' '}
      <button type="button" class="link" disabled={stale.value} onClick={onReset}>
        {t('Use the recommended ones')}
      </button>
    </p>
  );
}

function WaitingForNetwork(): JSX.Element {
  return (
    <p class="quiet">
      {network.value.state === 'loading' ? t('The network is being read.') : t('No advice without the network.')}
    </p>
  );
}

function applyQuadrant(edit: PlanEdit): void {
  if (stale.value) return;
  editPlan(edit);
  chosen.value = null;
}

const quadrantId = ({ data, similarity }: Quadrant): string => `quadrant-${data}-${similarity}`;
const sameQuadrant = (one: Quadrant, other: Quadrant): boolean =>
  one.data === other.data && one.similarity === other.similarity;
