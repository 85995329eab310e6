import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatPercent, formatPercentWithRange } from '../../src/shared/format.ts';
import type { EpochPoint, RunView } from '../../src/shared/runView.ts';
import { epochTableShown } from '../viewState.ts';

interface EpochTableProps {
  /** Of the run. */
  name: string;
  points: readonly EpochPoint[];
}

/**
 * What the charts show, in figures; always there for those who do not see them. It takes no more of the run than it shows,
 * so that it is not drawn again with every step.
 */
export function EpochTable({ name, points }: EpochTableProps): JSX.Element {
  const heads = [
    t('Epoch'),
    t('Phase'),
    t('Training loss'),
    t('Validation loss'),
    t('Training accuracy'),
    t('Validation accuracy'),
  ];
  return (
    <div class={epochTableShown.value ? 'epoch-table' : 'visually-hidden'} {...scrollable()}>
      <table>
        <caption>{t('Epochs of the run {0}', name)}</caption>
        <thead>
          <tr>
            {heads.map((head, column) => (
              <th key={head} scope="col" class={column > 1 ? 'number' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.epoch}>
              <th scope="row">{point.best ? t('{0} (best)', point.epoch) : point.epoch}</th>
              <td>{point.phase}</td>
              <td class="number">{point.loss.toFixed(3)}</td>
              <td class="number">{point.validationLoss.toFixed(3)}</td>
              <td class="number">{formatPercent(point.accuracy)}</td>
              <td class="number">{formatPercentWithRange(point.validationAccuracy, point.low, point.high)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A list that scrolls must be reachable with the keyboard. */
function scrollable(): JSX.HTMLAttributes<HTMLDivElement> {
  return epochTableShown.value ? { tabIndex: 0, role: 'group', 'aria-label': t('Epochs') } : {};
}

/** Says each finished epoch once. */
export function EpochAnnouncement({ view }: { view: RunView }): JSX.Element {
  const point = view.state === 'running' ? view.points.at(-1) : undefined;
  return (
    <p class="visually-hidden" aria-live="polite">
      {point &&
        t(
          'Epoch {0} of {1}: validation loss {2}, accuracy {3}.',
          point.epoch,
          view.epochs,
          point.validationLoss.toFixed(3),
          formatPercent(point.validationAccuracy),
        )}
    </p>
  );
}
