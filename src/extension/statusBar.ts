import * as vscode from 'vscode';
import { formatDuration } from '../shared/format.ts';
import { Disposables } from './disposables.ts';
import { COMMANDS } from './ids.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunService } from './runService.ts';

/** Shortest time between two changes of the text. */
const INTERVAL_MS = 1000;

/** One item on the left while something trains; a click shows its charts. */
export class StatusBar implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly item: vscode.StatusBarItem;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly runs: RunService) {
    this.item = this.disposables.add(
      vscode.window.createStatusBarItem('thaw.training', vscode.StatusBarAlignment.Left),
    );
    this.item.name = vscode.l10n.t('Thaw: Training');
    this.disposables.add(runs.onDidChange(() => this.update()));
    this.disposables.add(runs.onDidProgress(() => this.updateSoon()));
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.dispose();
  }

  private updateSoon(): void {
    this.timer ??= setTimeout(() => this.update(), INTERVAL_MS);
  }

  private update(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { live, queued } = this.runs;
    if (!live) {
      this.item.hide();
      return;
    }
    const { l10n } = vscode;
    const progress = progressOf(live);
    this.item.text = `$(sync~spin) ${progress}`;
    const waiting = queued.length === 0 ? [] : [l10n.t('{0} more waiting', queued.length)];
    this.item.tooltip = [l10n.t('Thaw is training {0}', live.name), ...waiting].join('\n');
    this.item.accessibilityInformation = { label: l10n.t('Thaw is training: {0}', progress) };
    this.item.command = { command: COMMANDS.showCharts, title: l10n.t('Show Charts'), arguments: [live.order.run] };
    this.item.show();
  }
}

/** What goes on now, in a few words. */
function progressOf({ history, isStopping }: LiveRun): string {
  const { l10n } = vscode;
  if (isStopping) return l10n.t('stopping');
  const { secondsLeft, activity, fromPoints, phases } = history.deltaSince(Infinity, Infinity, history.generation);
  if (activity) return activity.text;
  if (phases.length === 0) return l10n.t('preparing');
  const epoch = Math.min(fromPoints + 1, history.plannedEpochs);
  return secondsLeft === null
    ? l10n.t('epoch {0} of {1}', epoch, history.plannedEpochs)
    : l10n.t('epoch {0} of {1}, {2} left', epoch, history.plannedEpochs, formatDuration(secondsLeft));
}
