import * as vscode from 'vscode';
import { EDITORS } from './ids.ts';

/** Opens a plan in the plan editor. */
export async function openInPlanEditor(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', uri, EDITORS.plan);
}

/** @param line 1-based; the cursor goes there */
export async function openPlanAsText(uri: vscode.Uri, line?: number): Promise<void> {
  const position = line === undefined ? undefined : new vscode.Position(line - 1, 0);
  const selection = position && new vscode.Range(position, position);
  await vscode.window.showTextDocument(uri, { preview: false, selection });
}

/** The plan in the active editor, as text or not. */
export function activePlan(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom && input.viewType === EDITORS.plan) return input.uri;
  if (input instanceof vscode.TabInputText && isPlan(input.uri)) return input.uri;
  return undefined;
}

function isPlan(uri: vscode.Uri): boolean {
  return uri.path.endsWith('.finetune.json');
}
