import * as vscode from 'vscode';
import { ThawExtension, type ThawApi } from './extension/thawExtension.ts';

let thaw: ThawExtension | undefined;

/** Called by the editor when a plan, the runs view or a command of Thaw is first needed. */
export function activate(context: vscode.ExtensionContext): ThawApi | undefined {
  thaw = new ThawExtension(context);
  context.subscriptions.push(thaw);
  const isTest = context.extensionMode === vscode.ExtensionMode.Test || process.env.THAW_TEST !== undefined;
  return isTest ? thaw.api : undefined;
}

/** Called when the editor closes: a run that trains is stopped with a checkpoint. */
export async function deactivate(): Promise<void> {
  await thaw?.shutdown();
}
