import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatPercent } from '../shared/format.ts';
import type { PredictResult } from '../shared/results.ts';
import { VIEWS } from './ids.ts';
import type { StoredRun } from './runList.ts';
import type { TrainerService } from './trainerService.ts';

const EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'bmp', 'tif', 'tiff'];

/** Asks for images and shows which classes the model of a run takes them for. */
export async function predictImages(run: StoredRun, trainer: TrainerService): Promise<void> {
  const { l10n, window } = vscode;
  if (!vscode.workspace.isTrusted) {
    await window.showWarningMessage(l10n.t('Images are decoded once you trust the workspace.'));
    return;
  }
  const chosen = await window.showOpenDialog({
    canSelectMany: true,
    title: l10n.t('Choose images to predict'),
    openLabel: l10n.t('Predict'),
    filters: { [l10n.t('Images')]: EXTENSIONS },
  });
  if (!chosen || chosen.length === 0) return;
  const files = chosen.map((uri) => uri.fsPath);
  const { predictions } = await window.withProgress({ location: { viewId: VIEWS.runs } }, () =>
    trainer.request('predict', { directory: run.run, model: run.run, files }),
  );
  await window
    .showQuickPick(predictions.flatMap(rows), {
      title: l10n.t('Predictions of {0}', run.name),
      placeHolder: l10n.t('Choose an image to open it'),
      matchOnDescription: true,
    })
    .then(async (row) => {
      if (row?.file !== undefined) await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(row.file));
    });
}

interface Row extends vscode.QuickPickItem {
  file?: string;
}

/** One image: its name as a heading, then its classes from the most probable on. */
function rows({ file, top, problem }: PredictResult['predictions'][number]): Row[] {
  const heading: Row = { label: basename(file), kind: vscode.QuickPickItemKind.Separator };
  if (problem !== undefined) return [heading, { label: `$(warning) ${problem}`, file }];
  const classes = top.map(({ class: name, probability }) => {
    return { label: name, description: formatPercent(probability), file };
  });
  return [heading, ...classes];
}
