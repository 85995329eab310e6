import * as vscode from 'vscode';
import type { RunViewState } from '../shared/runView.ts';

/** The state of a run in a word or two. */
export function runStateText(state: RunViewState): string {
  const { l10n } = vscode;
  switch (state) {
    case 'queued':
      return l10n.t('waiting');
    case 'running':
      return l10n.t('training');
    case 'finished':
      return l10n.t('finished');
    case 'earlyStopped':
      return l10n.t('stopped early');
    case 'interrupted':
      return l10n.t('interrupted');
    case 'failed':
      return l10n.t('failed');
  }
}

/** The picture beside the word. */
export function runStateIcon(state: RunViewState): vscode.ThemeIcon {
  const color = (id: string): vscode.ThemeColor => new vscode.ThemeColor(id);
  switch (state) {
    case 'queued':
      return new vscode.ThemeIcon('clock');
    case 'running':
      return new vscode.ThemeIcon('sync~spin');
    case 'finished':
    case 'earlyStopped':
      return new vscode.ThemeIcon('pass', color('charts.green'));
    case 'interrupted':
      return new vscode.ThemeIcon('debug-pause', color('charts.yellow'));
    case 'failed':
      return new vscode.ThemeIcon('error', color('charts.red'));
  }
}
