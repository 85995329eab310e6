import * as vscode from 'vscode';
import type { PlanProblem } from '../shared/errors.ts';

/** Why a plan cannot be trained now, in words; null when it can. */
export function startRefusal(uri: vscode.Uri, problems: readonly PlanProblem[]): string | null {
  const { l10n } = vscode;
  if (!vscode.workspace.isTrusted) {
    return l10n.t(
      'Training reads models and images of this workspace, so it is only possible once you trust the workspace.',
    );
  }
  if (uri.scheme !== 'file') {
    return l10n.t('Training needs a plan that is a file on this machine; this one is "{0}:".', uri.scheme);
  }
  const [first] = problems;
  return first ? l10n.t('The plan has a fault in line {0}: {1}', first.line, first.problem) : null;
}
