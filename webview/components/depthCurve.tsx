import { signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { countImages } from '../../src/shared/counts.ts';
import type { DepthCurve as Curve, DepthPoint } from '../../src/shared/depthCurve.ts';
import { formatPercent, formatPercentWithRange } from '../../src/shared/format.ts';
import { editPlan, loadedNetwork, measuredSimilarity, stale } from '../store.ts';
import { Term } from './term.tsx';

/** The block that was clicked. */
const chosen = signal<string | null>(null);

/** How well the features of some blocks tell the classes apart, with what can be done at each. */
export function DepthCurve(): JSX.Element | null {
  const curve = measuredSimilarity.value?.measurement.depths;
  if (!curve) return null;
  const point = curve.points.find(({ block }) => block === chosen.value);
  return (
    <section class="depth" aria-labelledby="depth-title">
      <h3 id="depth-title">
        <Term id="depthCurve">{t('Depth curve')}</Term>
      </h3>
      <ol class="depth-bars">
        {curve.points.map((each, place) => (
          <Bar key={each.block} point={each} isPeak={place === curve.peak} />
        ))}
      </ol>
      <div class="depth-ends quiet">
        <span>{curve.points[0].block}</span>
        <span>{curve.points[curve.points.length - 1].block}</span>
      </div>
      {point ? <ChosenPoint point={point} curve={curve} /> : <Hint curve={curve} />}
    </section>
  );
}

function Bar({ point, isPeak }: { point: DepthPoint; isPeak: boolean }): JSX.Element {
  const { block, accuracy, low, high } = point;
  const text = formatPercentWithRange(accuracy, low, high);
  return (
    <li>
      <button
        type="button"
        class={isPeak ? 'depth-bar peak' : 'depth-bar'}
        aria-pressed={chosen.value === block}
        aria-label={isPeak ? t('{0}: {1}, the best', block, text) : t('{0}: {1}', block, text)}
        title={`${block}: ${text}`}
        onClick={() => (chosen.value = chosen.value === block ? null : block)}
      >
        <span class="depth-fill" style={{ height: `${accuracy * 100}%` }} />
        <span class="depth-interval" style={{ bottom: `${low * 100}%`, height: `${(high - low) * 100}%` }} />
      </button>
    </li>
  );
}

function Hint({ curve }: { curve: Curve }): JSX.Element {
  const peak = curve.points[curve.peak];
  return (
    <p class="quiet">
      {t(
        'Best at {0}: {1} of {2}, each named by its nearest neighbours. Choose a block to freeze up to it or to cut after it.',
        peak.block,
        formatPercent(peak.accuracy),
        countImages(curve.images),
      )}
    </p>
  );
}

function ChosenPoint({ point, curve }: { point: DepthPoint; curve: Curve }): JSX.Element {
  const { block, accuracy, low, high } = point;
  const { value: network } = loadedNetwork;
  // What lies behind a head on an earlier block is measured all the same, but not part of the plan.
  const isCutOff = network !== null && network.blocks.every(({ name }) => name !== block);
  const isLast = network?.blocks.at(-1)?.name === block;
  return (
    <div class="depth-chosen">
      <span>{t('{0}: {1} of {2}', block, formatPercentWithRange(accuracy, low, high), countImages(curve.images))}</span>
      {isCutOff ? (
        <p class="quiet">{t('The head of the plan sits on an earlier block, so this one is not part of it.')}</p>
      ) : (
        <div class="depth-actions">
          <vscode-button
            appearance="secondary"
            disabled={stale.value}
            onClick={() => editPlan({ kind: 'freezeUpTo', block })}
          >
            {t('Freeze up to {0}', block)}
          </vscode-button>
          {!isLast && (
            <vscode-button
              appearance="secondary"
              disabled={stale.value || !network}
              title={t('Puts the head on {0} and leaves out the blocks after it', block)}
              onClick={() => editPlan({ kind: 'cutAfter', block })}
            >
              {t('Cut after {0}', block)}
            </vscode-button>
          )}
        </div>
      )}
    </div>
  );
}
