import { basename } from 'node:path';
import * as vscode from 'vscode';
import { trialVerdict } from '../shared/trial.ts';
import { openInPlanEditor } from './openPlan.ts';
import type { PlanEditorProvider } from './planEditorProvider.ts';
import type { TrialEnded, TrialService } from './trialService.ts';

/** Tells how a trial ended to somebody who does not see the plan, where the answer stands. */
export function notifyOfTrials(
  trials: Pick<TrialService, 'onDidEnd'>,
  editors: Pick<PlanEditorProvider, 'isVisible'>,
): vscode.Disposable {
  return trials.onDidEnd((ended) => {
    if (!editors.isVisible(ended.plan)) void notify(ended);
  });
}

async function notify({ plan, state, titles }: TrialEnded): Promise<void> {
  const { l10n, window } = vscode;
  const name = basename(plan);
  const show = l10n.t('Show Plan');
  const action = await (state.state === 'finished'
    ? window.showInformationMessage(`${name}: ${trialVerdict(state.result, titles)}`, show)
    : window.showErrorMessage(`${name}: ${l10n.t('The trial has no answer: {0}', state.problem)}`, show));
  if (action === show) await openInPlanEditor(vscode.Uri.file(plan));
}
