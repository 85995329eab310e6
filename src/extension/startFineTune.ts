import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../shared/format.ts';
import type { InitResult, TrainEvent } from '../shared/results.ts';
import { browseData, browseItem, type DataItem, dataItems } from './dataChoices.ts';
import { browseModel, modelItems, rememberModel } from './modelChoices.ts';
import { newPlanPath } from './newPlanPath.ts';
import { openInPlanEditor } from './openPlan.ts';
import { BACK, pickStep } from './pickStep.ts';
import { startRefusal } from './startRefusal.ts';
import type { TrainerService } from './trainerService.ts';

export interface FineTuneServices {
  trainer: TrainerService;
  /** Remembers the models chosen last. */
  memory: vscode.Memento;
  mediaFolder: string;
  log: vscode.LogOutputChannel;
}

/**
 * Start Fine-Tune: asks for the network, and for the images where they are neither given nor the only ones in the
 * workspace; writes the recommended plan and opens it.
 *
 * @param folder of images, when called on one
 */
export async function startFineTune(folder: vscode.Uri | undefined, services: FineTuneServices): Promise<void> {
  const where = folder ?? vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(services.mediaFolder);
  const refusal = startRefusal(where, []);
  if (refusal !== null) {
    await vscode.window.showWarningMessage(refusal);
    return;
  }
  const found = folder ? [] : await dataItems();
  const data = folder?.fsPath ?? (found.length === 1 ? (found[0].folder ?? undefined) : undefined);
  const answers = await ask(data, found, services);
  if (!answers) return;
  const plan = await writePlan(answers, services);
  if (!plan) return;
  await rememberModel(answers.model, services.memory);
  await openInPlanEditor(vscode.Uri.file(plan.plan));
}

interface Answers {
  model: string;
  data: string;
}

/** The questions in their order, and back again. */
async function ask(
  given: string | undefined,
  found: DataItem[],
  { mediaFolder, memory }: FineTuneServices,
): Promise<Answers | undefined> {
  const of = given === undefined ? 2 : 1;
  for (;;) {
    const model = await askModel(await modelItems(mediaFolder, memory), of, given);
    if (model === undefined) return undefined;
    const data = given ?? (await askData(found, of));
    if (data === undefined) return undefined;
    if (data !== BACK) return { model, data };
  }
}

async function askModel(
  items: Awaited<ReturnType<typeof modelItems>>,
  of: number,
  data: string | undefined,
): Promise<string | undefined> {
  const { l10n } = vscode;
  const title = data === undefined ? l10n.t('Start Fine-Tune') : l10n.t('Start Fine-Tune with {0}', basename(data));
  const placeholder = l10n.t('Which pretrained network do you want to start from?');
  const chosen = await pickStep({ title, placeholder, number: 1, of, items });
  if (chosen === undefined || chosen === BACK) return undefined;
  return chosen.reference ?? browseModel();
}

async function askData(found: DataItem[], of: number): Promise<string | typeof BACK | undefined> {
  const { l10n } = vscode;
  const title = l10n.t('Start Fine-Tune');
  const placeholder = l10n.t('Where are your images? A folder with one folder per class.');
  // With nothing to choose from, the only row would be the one that opens the dialog.
  if (found.length === 0) return browseData();
  const chosen = await pickStep({ title, placeholder, number: 2, of, items: [...found, browseItem()] });
  if (chosen === undefined || chosen === BACK) return chosen;
  return chosen.folder ?? browseData();
}

/** Undefined when the user cancelled. Rejects with the ThawError of `init`. */
async function writePlan(
  { model, data }: Answers,
  { trainer, log }: FineTuneServices,
): Promise<InitResult | undefined> {
  const { l10n } = vscode;
  const uri = vscode.Uri.file(data);
  const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? dirname(data);
  const output = newPlanPath(data, folder);
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: l10n.t('Making the plan {0}', basename(output)),
    cancellable: true,
  };
  const result = await vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    progress.report({ message: l10n.t('looking at the network and the images') });
    const onEvent = (event: TrainEvent): void => {
      if (event.event === 'download') progress.report({ message: downloadText(event) });
    };
    const params = { directory: folder, model, data, output };
    return trainer.requestAlone('init', params, { signal: controller.signal, onEvent }).catch((error: unknown) => {
      if (token.isCancellationRequested) return undefined;
      throw error;
    });
  });
  const warnings = result?.warnings.map(({ text }) => text) ?? [];
  for (const line of result ? [...result.reasons, ...warnings, ...result.leftOut] : []) log.info(line);
  return result;
}

function downloadText({ received, total }: Extract<TrainEvent, { event: 'download' }>): string {
  return total === null
    ? vscode.l10n.t('downloading the network, {0}', formatBytes(received))
    : vscode.l10n.t('downloading the network, {0} of {1}', formatBytes(received), formatBytes(total));
}
