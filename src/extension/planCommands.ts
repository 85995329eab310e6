import * as vscode from 'vscode';
import { parsePlanText } from '../shared/planText.ts';
import type { CommandHandler } from './commands.ts';
import { COMMANDS } from './ids.ts';
import { activePlan, openInPlanEditor, openPlanAsText } from './openPlan.ts';
import type { PlanEditorProvider } from './planEditorProvider.ts';
import type { RunService } from './runService.ts';
import type { RunNode } from './runsView.ts';
import { startRefusal } from './startRefusal.ts';
import { refusalToTrain } from './trialRefusal.ts';
import type { TrialService } from './trialService.ts';

type PlanCommand = 'startTraining' | 'stopTraining' | 'openAsText' | 'openPlanEditor';

interface PlanCommandServices {
  runs: RunService;
  trials: TrialService;
  editors: PlanEditorProvider;
}

/** Commands on a plan: the one given, or the one in the active editor. */
export function planCommands(services: PlanCommandServices): Record<(typeof COMMANDS)[PlanCommand], CommandHandler> {
  const { runs } = services;
  return {
    [COMMANDS.startTraining]: (plan) => withPlan(plan, (uri) => startTraining(uri, services)),
    [COMMANDS.stopTraining]: (plan) => runs.stop((planOf(plan) ?? stoppable(runs))?.fsPath),
    [COMMANDS.openAsText]: (plan) => withPlan(plan, (uri) => openPlanAsText(uri)),
    [COMMANDS.openPlanEditor]: (plan) => withPlan(plan, openInPlanEditor),
  };
}

/** A menu of an editor gives the address of the plan, the runs view a row. */
function planOf(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  if (typeof argument !== 'object' || argument === null || !('kind' in argument)) return undefined;
  const node = argument as RunNode;
  const plan = node.kind === 'queued' ? node.order.plan : node.kind === 'live' ? node.live.order.plan : node.run.plan;
  return plan === null ? undefined : vscode.Uri.file(plan);
}

/** The active plan, if it trains or waits: otherwise the command means what trains now, wherever it is called. */
function stoppable(runs: RunService): vscode.Uri | undefined {
  const active = activePlan();
  return active && runs.startState(active.fsPath).state !== 'ready' ? active : undefined;
}

async function withPlan(argument: unknown, action: (uri: vscode.Uri) => Promise<void>): Promise<void> {
  const uri = planOf(argument) ?? activePlan();
  if (uri) return action(uri);
  const open = vscode.l10n.t('Open or make a plan first: the command Thaw: Start Fine-Tune makes one.');
  await vscode.window.showInformationMessage(open);
}

/** Trains the plan as it is in its editor: what is not saved is saved first. */
async function startTraining(uri: vscode.Uri, { runs, trials, editors }: PlanCommandServices): Promise<void> {
  const busy = refusalToTrain(trials);
  if (busy !== null) {
    await vscode.window.showWarningMessage(busy);
    return;
  }
  const session = [...editors.open].find(({ document }) => document.uri.toString() === uri.toString());
  const state = session?.startState;
  const refusal = state?.state === 'blocked' ? state.reason : await refusalOf(uri);
  if (refusal !== null) return refuse(uri, refusal);
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.isDirty && !(await document.save())) {
    return refuse(uri, vscode.l10n.t('The plan could not be saved, so it is not trained.'));
  }
  runs.start(uri.fsPath);
}

async function refusalOf(uri: vscode.Uri): Promise<string | null> {
  const document = await vscode.workspace.openTextDocument(uri);
  const parsed = parsePlanText(document.getText());
  return startRefusal(uri, 'problems' in parsed ? parsed.problems : []);
}

async function refuse(uri: vscode.Uri, reason: string): Promise<void> {
  const action = vscode.workspace.isTrusted ? vscode.l10n.t('Open as Text') : vscode.l10n.t('Manage Workspace Trust');
  if ((await vscode.window.showWarningMessage(reason, action)) !== action) return;
  if (vscode.workspace.isTrusted) await openPlanAsText(uri);
  else await vscode.commands.executeCommand('workbench.trust.manage');
}
