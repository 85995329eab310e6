import * as vscode from 'vscode';
import { clearFeatureCache } from './clearFeatureCache.ts';
import { registerCommands } from './commands.ts';
import { Disposables } from './disposables.ts';
import { engineCommands } from './engineCommands.ts';
import { COMMANDS, SETTINGS } from './ids.ts';
import { openSample } from './openSample.ts';
import { planCommands } from './planCommands.ts';
import { PlanEditorProvider } from './planEditorProvider.ts';
import { runCommands } from './runCommands.ts';
import { RunList } from './runList.ts';
import { notifyOfRuns } from './runNotifications.ts';
import { RunService } from './runService.ts';
import { RunsView } from './runsView.ts';
import { startFineTune } from './startFineTune.ts';
import { StatusBar } from './statusBar.ts';
import { TrainerService } from './trainerService.ts';
import { notifyOfTrials } from './trialNotifications.ts';
import { TrialService } from './trialService.ts';

/** What tests inside the editor look at. */
export interface ThawApi {
  runs: RunService;
  runList: RunList;
  editors: PlanEditorProvider;
  trainer: TrainerService;
}

/** All parts of the extension, put together. Nothing here reads a file or starts a process. */
export class ThawExtension implements vscode.Disposable {
  readonly api: ThawApi;
  private readonly disposables = new Disposables();

  constructor(context: vscode.ExtensionContext) {
    const add = <T extends vscode.Disposable>(item: T): T => this.disposables.add(item);
    const log = add(vscode.window.createOutputChannel('Thaw', { log: true }));
    const mediaFolder = context.asAbsolutePath('media');
    const trainer = new TrainerService(context.asAbsolutePath('dist/trainer.js'), log);
    const runs = add(new RunService(trainer));
    const trials = add(new TrialService(trainer));
    const runList = add(new RunList());
    add(runs.onDidChange(() => runList.refresh()));
    const editors = add(new PlanEditorProvider(context.extensionUri, { trainer, runs, trials, runList, log }));
    add(new RunsView(runs, runList));
    add(new StatusBar(runs));
    add(notifyOfRuns(runs, editors, log));
    add(notifyOfTrials(trials, editors));
    add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (Object.values(SETTINGS).some((key) => event.affectsConfiguration(key))) trainer.engineChanged();
      }),
    );
    const services = { trainer, memory: context.globalState, mediaFolder, log };
    const fineTune = (folder: unknown): Promise<void> =>
      startFineTune(folder instanceof vscode.Uri ? folder : undefined, services);
    const handlers = {
      ...planCommands({ runs, trials, editors }),
      ...runCommands({ runs, trials, runList, editors, trainer }),
      ...engineCommands({ trainer, log, fileOf: (path) => context.asAbsolutePath(path) }),
      [COMMANDS.startFineTune]: fineTune,
      [COMMANDS.openSample]: () => openSample(mediaFolder),
      [COMMANDS.clearFeatureCache]: () => clearFeatureCache(editors),
      [COMMANDS.showLog]: () => log.show(),
    };
    add(registerCommands(handlers, log));
    this.api = { runs, runList, editors, trainer };
  }

  /** Stops what trains, with a checkpoint, and ends all child processes. */
  async shutdown(): Promise<void> {
    await this.api.runs.shutdown();
    await this.api.trainer.shutdown();
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
