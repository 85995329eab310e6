import * as vscode from 'vscode';
import { clearCache } from '../node/featureCache/cacheFolder.ts';
import { formatBytes } from '../shared/format.ts';
import type { PlanEditorProvider } from './planEditorProvider.ts';

/** Deletes what runs have kept of images, and says how much it was. */
export async function clearFeatureCache(editors: PlanEditorProvider): Promise<void> {
  const freedBytes = await clearCache();
  await Promise.all([...editors.open].map((session) => session.sendCache(freedBytes)));
  const text =
    freedBytes === 0
      ? vscode.l10n.t('The feature cache was empty.')
      : vscode.l10n.t('The feature cache was cleared: {0} freed.', formatBytes(freedBytes));
  await vscode.window.showInformationMessage(text);
}
