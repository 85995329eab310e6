import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { readCatalog } from '../node/readCatalog.ts';
import type { CatalogEntry } from '../shared/catalog.ts';
import { formatBytes } from '../shared/format.ts';
import { RECENT_MODELS } from './ids.ts';

/** A row of the question for a model: `reference` is what the plan will say, null asks for a file. */
export interface ModelItem extends vscode.QuickPickItem {
  reference?: string | null;
}

const MOST_RECENT = 5;
const MOST_FOUND = 20;

/** Models that come with Thaw, that were used last, that lie in the workspace and that can be downloaded. */
export async function modelItems(mediaFolder: string, memory: vscode.Memento): Promise<ModelItem[]> {
  const { l10n } = vscode;
  const { models } = await readCatalog(mediaFolder);
  const recent = memory.get<string[]>(RECENT_MODELS, []);
  const known = new Map(models.map((model) => [model.id, model]));
  const found = (await workspaceModels()).filter((path) => !recent.includes(path));
  const bundled = models.filter((model) => model.kind === 'bundled' && !recent.includes(model.id));
  const published = models.filter((model) => model.kind === 'download' && !recent.includes(model.id));
  const recentItem = (reference: string): ModelItem => {
    const entry = known.get(reference);
    return entry ? catalogItem(entry) : fileItem(reference);
  };
  return [
    ...group(l10n.t('Used last'), recent.map(recentItem)),
    ...group(l10n.t('In this workspace'), found.map(fileItem)),
    ...group(l10n.t('Comes with Thaw'), bundled.map(catalogItem)),
    ...group(l10n.t('Published, downloaded once'), published.map(catalogItem)),
    ...group(l10n.t('On this machine'), [{ label: `$(folder-opened) ${l10n.t('Browse…')}`, reference: null }]),
  ];
}

/** Asks for a model.json. */
export async function browseModel(): Promise<string | undefined> {
  const { l10n } = vscode;
  const chosen = await vscode.window.showOpenDialog({
    title: l10n.t('Choose the model.json of a TensorFlow.js LayersModel'),
    openLabel: l10n.t('Use Model'),
    filters: { 'model.json': ['json'] },
  });
  return chosen?.[0]?.fsPath;
}

/** Puts a model at the head of those used last. */
export async function rememberModel(reference: string, memory: vscode.Memento): Promise<void> {
  const others = memory.get<string[]>(RECENT_MODELS, []).filter((each) => each !== reference);
  await memory.update(RECENT_MODELS, [reference, ...others].slice(0, MOST_RECENT));
}

function group(label: string, items: ModelItem[]): ModelItem[] {
  return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
}

function catalogItem(entry: CatalogEntry): ModelItem {
  const { id, title, licence, source } = entry;
  const size = entry.kind === 'download' && entry.bytes !== undefined ? [formatBytes(entry.bytes)] : [];
  const description = [id, licence, ...size].join(' · ');
  return { label: title, description, detail: source, reference: id };
}

function fileItem(path: string): ModelItem {
  const folder = basename(path) === 'model.json' ? dirname(path) : path;
  const relative = vscode.workspace.asRelativePath(folder);
  const label = basename(folder);
  // At the top of the workspace the path says nothing that the name does not.
  return { label, ...(relative === label ? {} : { description: relative }), reference: path };
}

/** Every model.json with layers in the open folders; a GraphModel cannot be fine-tuned and is not offered. */
async function workspaceModels(): Promise<string[]> {
  const files = await vscode.workspace.findFiles('**/model.json', '**/{node_modules,.thaw}/**', MOST_FOUND);
  const local = files.filter((uri) => uri.scheme === 'file').map((uri) => uri.fsPath);
  const usable = await Promise.all(local.map(isLayersModel));
  return local.filter((_, index) => usable[index]).sort();
}

async function isLayersModel(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /"modelTopology"\s*:/.test(text) && !/"format"\s*:\s*"graph-model"/.test(text);
}
