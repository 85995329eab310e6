import { computed, signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { adviceOverrides } from '../../src/shared/adviceOverrides.ts';
import { quadrantReason, quadrantSentence, type Level } from '../../src/shared/advisor.ts';
import { assumedSimilarity, mapPlace } from '../../src/shared/advisorMap.ts';
import { applyPlanEdit, editedPlan, type PlanEdit } from '../../src/shared/planEdits.ts';
import { editLabel } from '../../src/shared/planEdits/label.ts';
import { appliedChanges, keepsWhatTrains, ownSettings } from '../../src/shared/planEdits/planDifference.ts';
import { recommendQuadrant } from '../../src/shared/planEdits/recommended.ts';
import { similarityWarnings } from '../../src/shared/similarityWarnings.ts';
import {
  editPlan,
  loadedData,
  loadedNetwork,
  measuredSimilarity,
  network,
  plan,
  planSources,
  similarity as similarityState,
  stale,
} from '../store.ts';
import { ChallengerPlan } from './challenger.tsx';
import { DepthCurve } from './depthCurve.tsx';
import { Icon } from './icons.tsx';
import { Measuring } from './measuring.tsx';
import { ShortList } from './shortList.tsx';
import { PlanWarnings } from './planWarnings.tsx';
import { Term } from './term.tsx';
import { TransferWays } from './transferWays.tsx';

interface Quadrant {
  data: Level;
  similarity: Level;
}
type QuadrantEdit = Extract<PlanEdit, { kind: 'quadrant' }>;

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
/** What was measured of the similarity, where that says anything. */
const judgedSimilarity = computed(() =>
  measuredSimilarity.value?.judgement.source === 'measured' ? measuredSimilarity.value : null,
);
/** As measured, else as the plan has it. */
const pointSimilarity = computed<Level>(
  () => judgedSimilarity.value?.judgement.similarity ?? plan.value?.advice?.similarity ?? 'high',
);
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
      <PlanWarnings />
      <ChallengerPlan />
      <DepthCurve />
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
        <MapPoint />
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
  const hasPoint = images !== null && images.band.quadrantData === own.data && pointSimilarity.value === own.similarity;
  return (
    <div
      id={quadrantId(own)}
      role="radio"
      class={`map-cell ${own.data}`}
      aria-checked={checked}
      aria-label={hasPoint ? t('{0}. Your data', describeCell(own)) : describeCell(own)}
      tabIndex={checked ? 0 : -1}
      onClick={() => (chosen.value = own)}
    >
      <span class="map-sentence">{quadrantSentence(own.data, own.similarity)}</span>
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

/** Where the dataset is on the map: as measured, or in the half that the plan assumes. */
function MapPoint(): JSX.Element | null {
  const { value: images } = loadedData;
  const { value: measured } = judgedSimilarity;
  if (!images) return null;
  const place = mapPlace(images.band, images.classes.length, measured ?? assumedSimilarity(pointSimilarity.value));
  const percent = (share: number): string => `${share * 100}%`;
  return (
    <div class="map-overlay">
      {measured && (
        <span
          class="map-box"
          style={{
            left: percent(place.left),
            width: percent(place.right - place.left),
            bottom: percent(place.bottom),
            height: percent(place.top - place.bottom),
          }}
        />
      )}
      <span
        class={measured ? 'map-point' : 'map-point assumed'}
        style={{ left: percent(place.x), bottom: percent(place.y) }}
      />
    </div>
  );
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
  const { data, similarity } = quadrant.value;
  if (!shownPlan || !loadedNetwork.value) return <WaitingForNetwork />;
  const advice = recommendQuadrant(shownPlan, planSources.value, data, similarity);
  const edit: QuadrantEdit = { kind: 'quadrant', data, similarity };
  const { changes } = applyPlanEdit(shownPlan, edit, planSources.value);
  const recommended = editedPlan(shownPlan, edit, planSources.value);
  const isFollowed = keepsWhatTrains(changes);
  return (
    <div class="advice" aria-live="polite">
      <div class="advice-head">
        <h3>{advice.sentence}</h3>
        {isFollowed ? (
          <span class="advice-followed">
            <Icon name="check" /> {t('The plan follows this')}
          </span>
        ) : (
          <vscode-button disabled={stale.value} onClick={() => applyQuadrant(edit)}>
            {t('Apply')}
          </vscode-button>
        )}
      </div>
      {isFollowed ? (
        <OwnSettings
          settings={ownSettings(shownPlan, recommended, loadedNetwork.value)}
          onReset={() => applyQuadrant(edit)}
        />
      ) : (
        <WhatApplyDoes changes={appliedChanges(shownPlan, recommended, loadedNetwork.value)} />
      )}
      <Overrides />
      <SimilarityReasons />
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

/** Where the plan rests on something else than what is measured, each with the way back. */
function Overrides(): JSX.Element | null {
  if (!plan.value) return null;
  const data = loadedData.value?.band.quadrantData ?? null;
  const similarity = judgedSimilarity.value?.judgement.similarity ?? null;
  return (
    <>
      {adviceOverrides(plan.value, { data, similarity }).map(({ about, text, edit }) => (
        <p key={about} class="override">
          {text}{' '}
          <button
            type="button"
            class="link"
            disabled={stale.value}
            title={editLabel(edit)}
            onClick={() => applyQuadrant(edit)}
          >
            {about === 'data' ? t('Use the counted one') : t('Use the measured one')}
          </button>
        </p>
      ))}
    </>
  );
}

/** What was measured of the similarity, or why it was not. */
function SimilarityReasons(): JSX.Element | null {
  const { value: state } = similarityState;
  const { value: measured } = measuredSimilarity;
  if (state.state !== 'ready') return <Measuring state={state} />;
  if (!measured || !plan.value || !loadedNetwork.value) return null;
  const { measurement, judgement, distances } = measured;
  const warnings = similarityWarnings({ range: plan.value.input.range, distances, measurement });
  return (
    <ul class="reasons">
      {judgement.reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
      {warnings.map(({ code, text }) => (
        <li key={code} class="reason-warning">
          <Icon name="warning" /> {text}
        </li>
      ))}
    </ul>
  );
}

/** What would be other than it is in a plan that does not follow the advice. */
function WhatApplyDoes({ changes }: { changes: readonly string[] }): JSX.Element | null {
  if (changes.length === 0) return null;
  return (
    <div class="differences" aria-live="off">
      <p>{t('Apply would change:')}</p>
      <ShortList items={changes} />
    </div>
  );
}

/** Where a plan that follows the advice differs from it: on purpose, mostly. */
function OwnSettings({ settings, onReset }: { settings: readonly string[]; onReset: () => void }): JSX.Element | null {
  if (settings.length === 0) return null;
  return (
    <div class="differences own-settings" aria-live="off">
      <p>
        {t('With settings of its own:')}{' '}
        <button type="button" class="link" disabled={stale.value} onClick={onReset}>
          {t('Use the recommended ones')}
        </button>
      </p>
      <ShortList items={settings} />
    </div>
  );
}

function WaitingForNetwork(): JSX.Element {
  return (
    <p class="quiet">
      {network.value.state === 'loading' ? t('The network is being read.') : t('No advice without the network.')}
    </p>
  );
}

function applyQuadrant(edit: QuadrantEdit): void {
  if (stale.value) return;
  editPlan(edit);
  chosen.value = null;
}

const quadrantId = ({ data, similarity }: Quadrant): string => `quadrant-${data}-${similarity}`;
const sameQuadrant = (one: Quadrant, other: Quadrant): boolean =>
  one.data === other.data && one.similarity === other.similarity;
