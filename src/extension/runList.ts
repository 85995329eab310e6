import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { listRuns, RunFolder, type RunSummary, runsFolder, workspaceOf } from '../node/runFolder.ts';
import { Disposables } from './disposables.ts';

/** A run on the disk and what can be done with it. */
export interface StoredRun extends RunSummary {
  hasCheckpoint: boolean;
  hasModel: boolean;
}

/** Shortest time between two readings of the disk that events of the file system ask for. */
const SETTLE_MS = 300;

/**
 * The runs on the disk: those of the open folders, and of the folders of plans that were opened from elsewhere. Reads
 * them when asked and remembers them until something changes.
 */
export class RunList implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly disposables = new Disposables();
  private readonly roots = new Set<string>();
  private runs: Promise<StoredRun[]> | null = null;
  private settle: NodeJS.Timeout | undefined;

  constructor() {
    this.disposables.add(this.changed);
    this.addWorkspaceFolders();
    this.disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.addWorkspaceFolders()));
  }

  /** All runs, newest first. */
  all(): Promise<StoredRun[]> {
    this.runs ??= this.read();
    return this.runs;
  }

  /** Runs of one plan, newest first. */
  async ofPlan(planPath: string): Promise<StoredRun[]> {
    return (await this.all()).filter(({ plan }) => plan === planPath);
  }

  async find(run: string): Promise<StoredRun | undefined> {
    return (await this.all()).find((each) => each.run === run);
  }

  /** Also lists the runs beside a plan, wherever it lies. */
  addPlan(planPath: string): void {
    this.addRoot(workspaceOf(planPath));
  }

  /** Forgets what was read. */
  refresh(): void {
    this.runs = null;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.settle);
    this.disposables.dispose();
  }

  private addWorkspaceFolders(): void {
    const folders = vscode.workspace.workspaceFolders ?? [];
    for (const { uri } of folders.filter((folder) => folder.uri.scheme === 'file')) this.addRoot(uri.fsPath);
  }

  private addRoot(folder: string): void {
    if (this.roots.has(folder)) return;
    this.roots.add(folder);
    // One folder and not what is below it: every step of a training run is written there.
    const pattern = new vscode.RelativePattern(vscode.Uri.file(runsFolder(folder)), '*');
    const watcher = this.disposables.add(vscode.workspace.createFileSystemWatcher(pattern, false, true, false));
    this.disposables.add(watcher.onDidCreate(() => this.refreshSoon()));
    this.disposables.add(watcher.onDidDelete(() => this.refreshSoon()));
    this.refresh();
  }

  private refreshSoon(): void {
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.refresh(), SETTLE_MS);
  }

  private async read(): Promise<StoredRun[]> {
    const found = new Map<string, StoredRun>();
    for (const root of this.roots) {
      const runs = existsSync(runsFolder(root)) ? await listRuns(root).catch(() => []) : [];
      for (const run of runs) found.set(run.run, withAbilities(run));
    }
    return [...found.values()].sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''));
  }
}

function withAbilities(run: RunSummary): StoredRun {
  const folder = new RunFolder(run.run);
  return { ...run, hasCheckpoint: folder.hasCheckpoint, hasModel: existsSync(join(folder.modelPath, 'model.json')) };
}
