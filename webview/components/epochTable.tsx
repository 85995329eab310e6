import type { JSX } from 'preact';
import { formatPercent } from '../../src/shared/format.ts';
import type { RunView } from '../../src/shared/runView.ts';
import { epochTableShown } from '../viewState.ts';

/** What the charts show, in figures; always there for those who do not see them. */
export function EpochTable({ view }: { view: RunView }): JSX.Element {
  return (
    <div class={epochTableShown.value ? 'epoch-table' : 'visually-hidden'} {...scrollable()}>
      <table>
        <caption>Epochs of the run {view.name}</caption>
        <thead>
          <tr>
            {['Epoch', 'Phase', 'Training loss', 'Validation loss', 'Training accuracy', 'Validation accuracy'].map(
              (head, column) => (
                <th key={head} scope="col" class={column > 1 ? 'number' : undefined}>
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {view.points.map((point) => (
            <tr key={point.epoch}>
              <th scope="row">
                {point.epoch}
                {point.best ? ' (best)' : ''}
              </th>
              <td>{point.phase}</td>
              <td class="number">{point.loss.toFixed(3)}</td>
              <td class="number">{point.validationLoss.toFixed(3)}</td>
              <td class="number">{formatPercent(point.accuracy)}</td>
              <td class="number">
                {formatPercent(point.validationAccuracy)} ({formatPercent(point.low)} to {formatPercent(point.high)})
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A list that scrolls must be reachable with the keyboard. */
function scrollable(): JSX.HTMLAttributes<HTMLDivElement> {
  return epochTableShown.value ? { tabIndex: 0, role: 'group', 'aria-label': 'Epochs' } : {};
}

/** Says each finished epoch once. */
export function EpochAnnouncement({ view }: { view: RunView }): JSX.Element {
  const point = view.state === 'running' ? view.points.at(-1) : undefined;
  return (
    <p class="visually-hidden" aria-live="polite">
      {point &&
        `Epoch ${point.epoch} of ${view.epochs}: validation loss ${point.validationLoss.toFixed(3)}, accuracy ${formatPercent(point.validationAccuracy)}.`}
    </p>
  );
}
