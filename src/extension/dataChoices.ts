import * as vscode from 'vscode';
import { listData } from '../node/dataFolder.ts';
import { findDataFolders } from '../node/findDataFolders.ts';

/** A row of the question for images: null asks for a folder. */
export interface DataItem extends vscode.QuickPickItem {
  folder: string | null;
}

const SEARCH_MS = 3000;
const MOST_FOLDERS = 12;

/** The folders of the workspace that hold images with labels. */
export async function dataItems(): Promise<DataItem[]> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const signal = AbortSignal.timeout(SEARCH_MS);
  const roots = folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
  const found = (await Promise.all(roots.map((root) => findDataFolders(root, signal)))).flat().slice(0, MOST_FOLDERS);
  const items = await Promise.all(found.map(dataItem));
  return items.filter((item) => item !== null);
}

/** The row that lets the user look for a folder. */
export function browseItem(): DataItem {
  return { label: `$(folder-opened) ${vscode.l10n.t('Browse…')}`, folder: null };
}

/** Asks for a folder of images. */
export async function browseData(): Promise<string | undefined> {
  const { l10n } = vscode;
  const chosen = await vscode.window.showOpenDialog({
    title: l10n.t('Choose the folder that holds one folder of images per class'),
    openLabel: l10n.t('Use Images'),
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
  });
  return chosen?.[0]?.fsPath;
}

async function dataItem(folder: string): Promise<DataItem | null> {
  const listing = await listData(folder).catch(() => null);
  if (!listing || listing.classes.length < 2) return null;
  const { l10n } = vscode;
  const classes = listing.classes.slice(0, 6).join(', ') + (listing.classes.length > 6 ? ', …' : '');
  return {
    label: vscode.workspace.asRelativePath(folder, false),
    description: l10n.t('{0} images, {1} classes', listing.images.length, listing.classes.length),
    detail: classes,
    folder,
  };
}
