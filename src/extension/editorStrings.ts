import * as vscode from 'vscode';
import type { Snapshot } from '../shared/webviewProtocol.ts';

/** The texts of Thaw in the language of the editor, by their English ones; empty where that is English. */
export function editorStrings(): Snapshot['strings'] {
  return vscode.l10n.bundle ?? {};
}
