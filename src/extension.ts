import { config } from '@vscode/l10n';
import * as vscode from 'vscode';
import { editorStrings } from './extension/editorStrings.ts';
import { ThawExtension, type ThawApi } from './extension/thawExtension.ts';

let thaw: ThawExtension | undefined;

/** Called by the editor when a plan, the runs view or a command of Thaw is first needed. */
export function activate(context: vscode.ExtensionContext): ThawApi | undefined {
  // What src/shared says is said in the language of the editor too.
  config({ contents: editorStrings() });
  thaw = new ThawExtension(context);
  context.subscriptions.push(thaw);
  const isTest = context.extensionMode === vscode.ExtensionMode.Test || process.env.THAW_TEST !== undefined;
  return isTest ? thaw.api : undefined;
}

/** Called when the editor closes: a run that trains is stopped with a checkpoint. */
export async function deactivate(): Promise<void> {
  await thaw?.shutdown();
}
