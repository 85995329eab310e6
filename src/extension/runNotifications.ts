import { basename } from 'node:path';
import * as vscode from 'vscode';
import { RunFolder } from '../node/runFolder.ts';
import { ThawError } from '../shared/errors.ts';
import { formatPercent } from '../shared/format.ts';
import type { TrainResult } from '../shared/results.ts';
import { COMMANDS } from './ids.ts';
import type { PlanEditorProvider } from './planEditorProvider.ts';
import { problemText } from './problemText.ts';
import type { RunEnded, RunService } from './runService.ts';

/** Tells how a run ended: a failure always, a success only to somebody who does not see the plan. */
export function notifyOfRuns(
  runs: RunService,
  editors: PlanEditorProvider,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  return runs.onDidEnd((ended) => {
    const { outcome, order } = ended;
    if ('problem' in outcome) void notifyOfFailure(ended, log);
    else if (!editors.isVisible(order.plan)) void notifyOfSuccess(order.run, outcome.result);
  });
}

async function notifyOfFailure({ order, outcome }: RunEnded, log: vscode.LogOutputChannel): Promise<void> {
  if (!('problem' in outcome) || outcome.problem.reason === 'cancelled') return;
  const text = `${basename(order.plan)}: ${problemText(new ThawError(outcome.problem))}`;
  log.error(`${order.run}: ${text}`);
  const proceed = vscode.l10n.t('Continue from Checkpoint');
  const showLog = vscode.l10n.t('Show Log');
  // A plan that was changed since can never be continued, and what is in use elsewhere not now.
  const isLost = outcome.problem.reason === 'runPlanChanged' || outcome.problem.reason === 'runBusy';
  const actions = !isLost && new RunFolder(order.run).hasCheckpoint ? [proceed, showLog] : [showLog];
  const action = await vscode.window.showErrorMessage(text, ...actions);
  if (action === proceed) await vscode.commands.executeCommand(COMMANDS.continueRun, order.run);
  if (action === showLog) log.show();
}

async function notifyOfSuccess(run: string, { stopped, best, epochs }: TrainResult): Promise<void> {
  if (stopped === 'interrupted') return;
  const { l10n } = vscode;
  const text = best
    ? l10n.t(
        'Training is over after {0} epochs. Validation accuracy {1} (95 % interval {2} to {3}).',
        epochs,
        formatPercent(best.validationAccuracy),
        formatPercent(best.low),
        formatPercent(best.high),
      )
    : l10n.t('Training is over after {0} epochs.', epochs);
  const show = l10n.t('Show Charts');
  const action = await vscode.window.showInformationMessage(text, show);
  if (action === show) await vscode.commands.executeCommand(COMMANDS.showCharts, run);
}
