import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { RunFolder } from '../node/runFolder.ts';
import type { CommandHandler } from './commands.ts';
import { COMMANDS } from './ids.ts';
import type { PlanEditorProvider } from './planEditorProvider.ts';
import { predictImages } from './predictImages.ts';
import type { RunList, StoredRun } from './runList.ts';
import type { RunService } from './runService.ts';
import { runStateText } from './runStateText.ts';
import type { RunNode } from './runsView.ts';
import { startRefusal } from './startRefusal.ts';
import type { TrainerService } from './trainerService.ts';
import { refusalToTrain } from './trialRefusal.ts';
import type { TrialService } from './trialService.ts';

type RunCommand = 'refreshRuns' | 'showCharts' | 'continueRun' | 'predictImage' | 'revealRun' | 'deleteRun';

export interface RunCommandServices {
  runs: RunService;
  trials: TrialService;
  runList: RunList;
  editors: PlanEditorProvider;
  trainer: TrainerService;
}

/** Commands on a run: a row of the runs view, the path of a run, or one that the user is asked for. */
export function runCommands(services: RunCommandServices): Record<(typeof COMMANDS)[RunCommand], CommandHandler> {
  const { runs, runList, editors, trainer } = services;
  const withRun =
    (action: (run: StoredRun) => Promise<void>, accepts: (run: StoredRun) => boolean = () => true): CommandHandler =>
    async (argument) => {
      const path = pathOf(argument);
      const run = path === undefined ? await pickRun(runList, accepts) : await runList.find(path);
      if (run) await action(run);
    };
  return {
    [COMMANDS.refreshRuns]: () => runList.refresh(),
    [COMMANDS.showCharts]: async (argument) => {
      const { live } = runs;
      const path = pathOf(argument);
      if (live && path === live.order.run) return editors.showRun(vscode.Uri.file(live.order.plan), path);
      await withRun((run) => editors.showRun(planUri(run), run.run))(argument);
    },
    [COMMANDS.continueRun]: withRun((run) => continueRun(run, services), isResumable),
    [COMMANDS.predictImage]: withRun(
      (run) => predictImages(run, trainer),
      (run) => run.hasModel,
    ),
    [COMMANDS.revealRun]: withRun(reveal),
    [COMMANDS.deleteRun]: withRun((run) => deleteRun(run, services)),
  };
}

function pathOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null || !('kind' in argument)) return undefined;
  const node = argument as RunNode;
  if (node.kind === 'stored') return node.run.run;
  return node.kind === 'live' ? node.live.order.run : (node.order.resume ?? undefined);
}

async function pickRun(runList: RunList, accepts: (run: StoredRun) => boolean): Promise<StoredRun | undefined> {
  const items = (await runList.all()).filter(accepts).map((run) => ({
    label: run.name,
    description: runStateText(run.state),
    run,
  }));
  if (items.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t('There is no run yet for which this is possible.'));
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Choose a Run') });
  return picked?.run;
}

function isResumable({ state, hasCheckpoint }: StoredRun): boolean {
  return hasCheckpoint && (state === 'interrupted' || state === 'failed');
}

/** A run whose plan is gone shows its charts over the plan as it ran. */
function planUri({ plan, run }: StoredRun): vscode.Uri {
  return vscode.Uri.file(plan !== null && existsSync(plan) ? plan : new RunFolder(run).planPath);
}

async function continueRun({ run, plan }: StoredRun, { runs, trials, editors }: RunCommandServices): Promise<void> {
  if (plan === null || !existsSync(plan)) {
    const text = vscode.l10n.t('The plan of this run is no longer at {0}, so it cannot be continued.', plan ?? '?');
    await vscode.window.showWarningMessage(text);
    return;
  }
  const uri = vscode.Uri.file(plan);
  const refusal = startRefusal(uri, []) ?? refusalToTrain(trials);
  if (refusal !== null) {
    await vscode.window.showWarningMessage(refusal);
    return;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.isDirty && !(await document.save())) return;
  runs.resume(run, plan);
  await editors.showRun(uri, run);
}

async function reveal({ run }: StoredRun): Promise<void> {
  // Where there is no desktop, such as in a browser, the explorer of the editor is the place to look.
  const inDesktop = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
  await vscode.commands.executeCommand(inDesktop ? 'revealFileInOS' : 'revealInExplorer', vscode.Uri.file(run));
}

async function deleteRun(run: StoredRun, { runs, runList }: RunCommandServices): Promise<void> {
  if (run.state === 'running') {
    await vscode.window.showWarningMessage(vscode.l10n.t('This run is still training. Stop it first.'));
    return;
  }
  const uri = vscode.Uri.file(run.run);
  try {
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: true });
  } catch {
    if (!(await confirmDelete(run))) return;
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: false });
  }
  runs.forget(run.run);
  runList.refresh();
}

/** Not every place that files lie on has a trash. */
async function confirmDelete({ run }: StoredRun): Promise<boolean> {
  const action = vscode.l10n.t('Delete Permanently');
  const text = vscode.l10n.t('"{0}" in {1} cannot be moved to the trash.', basename(run), dirname(run));
  return (await vscode.window.showWarningMessage(text, { modal: true }, action)) === action;
}
