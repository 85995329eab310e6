import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { unpackSample } from '../node/sampleProject.ts';

/** Asks where the sample project goes, makes it there and opens it. */
export async function openSample(mediaFolder: string): Promise<void> {
  const { l10n } = vscode;
  const chosen = await vscode.window.showOpenDialog({
    title: l10n.t('Choose the folder in which the sample project is made'),
    openLabel: l10n.t('Make It Here'),
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: vscode.Uri.file(homedir()),
  });
  const parent = chosen?.[0]?.fsPath;
  if (parent === undefined) return;
  const folder = join(parent, 'thaw-sample');
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Unpacking the sample project') },
    () => unpackSample(mediaFolder, folder),
  );
  const forceNewWindow = vscode.workspace.workspaceFolders !== undefined;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow });
}
