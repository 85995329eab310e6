import * as vscode from 'vscode';
import type { InstallProgress } from '../node/nativeEngine/installRoute.ts';
import { readInstalledEngine, readProof } from '../node/nativeEngine/installedEngine.ts';
import { type InstallerPrograms, runInstaller, runRemoval } from '../node/nativeEngine/runInstaller.ts';
import { ThawError } from '../shared/errors.ts';
import { formatBytes } from '../shared/format.ts';
import type { EngineStatus } from '../shared/results.ts';
import type { CommandHandler } from './commands.ts';
import { COMMANDS, SETTINGS } from './ids.ts';
import { runtimeEnvironment, type TrainerService } from './trainerService.ts';

type EngineCommand = 'installEngine' | 'removeEngine' | 'showEngines';

export interface EngineServices {
  trainer: TrainerService;
  log: vscode.LogOutputChannel;
  /** Absolute path of a file of the extension. */
  fileOf: (path: string) => string;
}

/** Commands on the engines: which of them work here, and the native one installed or removed. */
export function engineCommands(services: EngineServices): Record<(typeof COMMANDS)[EngineCommand], CommandHandler> {
  return {
    [COMMANDS.installEngine]: () => whereTrusted(() => installWithConsent(services)),
    [COMMANDS.removeEngine]: () => removeEngine(services),
    [COMMANDS.showEngines]: () => showEngines(services),
  };
}

/** What is installed runs on this machine, and a workspace of somebody else may name the place it comes from. */
async function whereTrusted(action: () => Promise<void>): Promise<void> {
  if (vscode.workspace.isTrusted) return action();
  const manage = vscode.l10n.t('Manage Workspace Trust');
  const text = vscode.l10n.t('The native engine can be installed once you trust the workspace.');
  if ((await vscode.window.showWarningMessage(text, manage)) === manage)
    await vscode.commands.executeCommand('workbench.trust.manage');
}

async function installWithConsent(services: EngineServices): Promise<void> {
  const { l10n, window } = vscode;
  const engine = await readInstalledEngine();
  const works = engine !== null && (await readProof(engine))?.works === true;
  const install = works ? l10n.t('Install Again') : l10n.t('Install');
  const cost = l10n.t(
    'The native engine is TensorFlow itself. It is downloaded (about 280 MB), needs 1.3 GB of disk while it is installed and 0.9 GB afterwards, and comes from the official archive of TensorFlow or, where that does not work, from its Python package with pip.',
  );
  const text = works ? `${l10n.t('TensorFlow {0} is installed and works.', engine.tensorflow)} ${cost}` : cost;
  if ((await window.showInformationMessage(text, install)) === install) await installEngine(services);
}

async function installEngine({ trainer, log, fileOf }: EngineServices): Promise<void> {
  const { l10n, window } = vscode;
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: l10n.t('Installing the native engine'),
    cancellable: true,
  };
  try {
    const engine = await window.withProgress(options, (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const onProgress = (each: InstallProgress): void => {
        if (each.receivedBytes === undefined) log.info(`${each.step}: ${each.text}`);
        progress.report({ message: progressText(each) });
      };
      return runInstaller(programsOf(fileOf), { signal: controller.signal, onProgress });
    });
    trainer.engineChanged();
    void window.showInformationMessage(l10n.t('The native engine works here: {0}.', engine.proof.version));
  } catch (error) {
    if (!(error instanceof ThawError) || error.problem.reason !== 'cancelled') throw error;
  }
}

function programsOf(fileOf: (path: string) => string): InstallerPrograms {
  return {
    installer: fileOf('dist/engineInstaller.js'),
    probeEntry: fileOf('dist/nativeProbe.js'),
    sources: fileOf('dist/native-sources'),
    environment: runtimeEnvironment(),
  };
}

function progressText({ step, receivedBytes, totalBytes }: InstallProgress): string {
  const { l10n } = vscode;
  switch (step) {
    case 'download':
      if (receivedBytes === undefined) return l10n.t('downloading');
      return totalBytes === undefined
        ? l10n.t('downloading, {0}', formatBytes(receivedBytes))
        : l10n.t('downloading, {0} of {1}', formatBytes(receivedBytes), formatBytes(totalBytes));
    case 'extract':
      return l10n.t('unpacking');
    case 'compile':
      return l10n.t('compiling');
    case 'probe':
      return l10n.t('trying it out');
  }
}

async function removeEngine({ trainer, fileOf }: EngineServices): Promise<void> {
  const { l10n, window } = vscode;
  const wasThere = await runRemoval(programsOf(fileOf));
  trainer.engineChanged();
  void window.showInformationMessage(
    wasThere ? l10n.t('The native engine was removed.') : l10n.t('No native engine was installed.'),
  );
}

interface EngineItem extends vscode.QuickPickItem {
  command?: string;
}

/** The engines, which of them is in use and why the others are not, and what can be done about it. */
async function showEngines({ trainer }: EngineServices): Promise<void> {
  const { l10n, window } = vscode;
  const { engines } = await trainer.request('engineStatus', { directory: '.' });
  const inUse = await trainer.engineName();
  const actions: EngineItem[] = [
    {
      label: l10n.t('Install the native engine…'),
      iconPath: new vscode.ThemeIcon('cloud-download'),
      command: COMMANDS.installEngine,
    },
    ...((await readInstalledEngine()) === null
      ? []
      : [
          {
            label: l10n.t('Remove the native engine'),
            iconPath: new vscode.ThemeIcon('trash'),
            command: COMMANDS.removeEngine,
          },
        ]),
    {
      label: l10n.t('Choose which engine trains…'),
      iconPath: new vscode.ThemeIcon('settings-gear'),
      command: 'workbench.action.openSettings',
    },
  ];
  const separator: EngineItem = { label: '', kind: vscode.QuickPickItemKind.Separator };
  const items = [...engines.map((engine) => engineItem(engine, inUse)), separator, ...actions];
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Engines'),
    placeHolder: l10n.t('The {0} engine is in use', inUse),
    matchOnDetail: true,
  });
  if (chosen?.command === undefined) return;
  const settings = chosen.command === 'workbench.action.openSettings' ? [SETTINGS.engine] : [];
  await vscode.commands.executeCommand(chosen.command, ...settings);
}

function engineItem({ name, available, version, reason }: EngineStatus['engines'][number], inUse: string): EngineItem {
  const { l10n } = vscode;
  const state = name === inUse ? l10n.t('in use') : available ? l10n.t('works here') : l10n.t('does not work here');
  const icon = name === inUse ? 'check' : available ? 'circle-outline' : 'circle-slash';
  return {
    label: name,
    iconPath: new vscode.ThemeIcon(icon),
    description: [state, version ?? ''].filter((each) => each !== '').join(', '),
    detail: reason,
  };
}
