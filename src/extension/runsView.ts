import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatPercent } from '../shared/format.ts';
import type { RunViewState } from '../shared/runView.ts';
import { Disposables } from './disposables.ts';
import { COMMANDS, RUN_EXTRAS, RUN_ITEM, VIEWS } from './ids.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunList, StoredRun } from './runList.ts';
import type { QueuedRun, RunService } from './runService.ts';
import { runStateIcon, runStateText } from './runStateText.ts';

/** A row of the runs view; commands get it as their argument. */
export type RunNode =
  { kind: 'queued'; order: QueuedRun } | { kind: 'live'; live: LiveRun } | { kind: 'stored'; run: StoredRun };

/** The tree of runs: what waits, what trains, and what has been, newest first. */
export class RunsView implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<RunNode | undefined>());
  readonly onDidChangeTreeData = this.changed.event;
  /** Epochs of the live run that its row shows. */
  private epochs = -1;

  constructor(
    private readonly runs: RunService,
    private readonly runList: RunList,
  ) {
    const view = vscode.window.createTreeView(VIEWS.runs, { treeDataProvider: this });
    const redraw = (): void => this.changed.fire(undefined);
    this.disposables.add(view);
    this.disposables.add(view.onDidChangeVisibility(({ visible }) => visible && this.runList.refresh()));
    this.disposables.add(runList.onDidChange(redraw));
    this.disposables.add(runs.onDidChange(redraw));
    this.disposables.add(runs.onDidProgress((live) => this.progressed(live)));
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node) return [];
    const { live, queued } = this.runs;
    const stored = await this.runList.all();
    return [
      ...queued.map((order): RunNode => ({ kind: 'queued', order })),
      ...(live ? [{ kind: 'live', live } as const] : []),
      ...stored.filter(({ run }) => run !== live?.order.run).map((run): RunNode => ({ kind: 'stored', run })),
    ];
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
    switch (node.kind) {
      case 'queued':
        return queuedItem(node.order);
      case 'live':
        return liveItem(node);
      case 'stored':
        return storedItem(node);
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** Rows change once an epoch and not with every step. */
  private progressed({ history }: LiveRun): void {
    const epochs = history.deltaSince(Infinity, Infinity, history.generation).fromPoints;
    if (epochs === this.epochs) return;
    this.epochs = epochs;
    this.changed.fire(undefined);
  }
}

/** What makes up a row besides its label. */
interface Row {
  state: RunViewState;
  accuracy: number | null;
  startedAt: string | null;
  context: string;
  details: string[];
}

function queuedItem({ plan, resume }: QueuedRun): vscode.TreeItem {
  const label = resume === null ? basename(plan) : shortName(basename(resume));
  const item = new vscode.TreeItem(label);
  fill(item, label, { state: 'queued', accuracy: null, startedAt: null, context: RUN_ITEM.queued, details: [plan] });
  return item;
}

function liveItem(node: Extract<RunNode, { kind: 'live' }>): vscode.TreeItem {
  const { live } = node;
  const { points } = live.history.deltaSince(Infinity, 0, live.history.generation);
  const best = points.findLast((point) => point.best);
  const item = new vscode.TreeItem(shortName(live.name));
  item.id = live.order.run;
  const accuracy = best?.validationAccuracy ?? null;
  fill(item, shortName(live.name), {
    state: 'running',
    accuracy,
    startedAt: null,
    context: RUN_ITEM.running,
    details: [live.order.plan],
  });
  openOnClick(item, node);
  return item;
}

function storedItem(node: Extract<RunNode, { kind: 'stored' }>): vscode.TreeItem {
  const { run } = node;
  const item = new vscode.TreeItem(shortName(run.name));
  item.id = run.run;
  const resumable = run.hasCheckpoint && (run.state === 'interrupted' || run.state === 'failed');
  const context =
    run.state === 'running'
      ? RUN_ITEM.running
      : RUN_ITEM.stopped + (resumable ? RUN_EXTRAS.resumable : '') + (run.hasModel ? RUN_EXTRAS.model : '');
  const details = [run.name, run.plan ?? '', run.engine ?? '', vscode.l10n.t('{0} epochs', run.epochs)];
  const accuracy = run.best?.validationAccuracy ?? null;
  fill(item, shortName(run.name), { state: run.state, accuracy, startedAt: run.startedAt, context, details });
  openOnClick(item, node);
  return item;
}

function openOnClick(item: vscode.TreeItem, node: RunNode): void {
  item.command = { command: COMMANDS.showCharts, title: vscode.l10n.t('Show Charts'), arguments: [node] };
}

function fill(item: vscode.TreeItem, label: string, { state, accuracy, startedAt, context, details }: Row): void {
  const words = [accuracy === null ? null : formatPercent(accuracy), runStateText(state), dateOf(startedAt)];
  item.description = words.filter((word) => word !== null).join(' · ');
  item.iconPath = runStateIcon(state);
  item.contextValue = context;
  item.tooltip = [label, item.description, ...details.filter((line) => line !== '')].join('\n');
  item.accessibilityInformation = { label: `${label}, ${item.description}` };
}

/** Without the date and time that make a folder's name unique: the row says them in words. */
function shortName(name: string): string {
  return name.replace(/-\d{8}-\d{6}(-\d+)?$/, '');
}

function dateOf(time: string | null): string | null {
  if (time === null) return null;
  return new Date(time).toLocaleString(vscode.env.language, { dateStyle: 'short', timeStyle: 'short' });
}
