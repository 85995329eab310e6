import * as vscode from 'vscode';
import type { CommandId } from './ids.ts';
import { problemText } from './problemText.ts';

// Arguments come from menus, links and other extensions, so every handler looks at what it got.
export type CommandHandler = (...args: unknown[]) => Promise<void> | void;

/** Registers every command; what one of them throws is told in words, with the log a click away. */
export function registerCommands(
  handlers: Record<CommandId, CommandHandler>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const registered = Object.entries(handlers).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        await handler(...args);
      } catch (error) {
        log.error(`${id}: ${problemText(error)}`);
        await showProblem(problemText(error), log);
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** Tells of something that went wrong, with the log a click away. */
async function showProblem(text: string, log: vscode.LogOutputChannel): Promise<void> {
  const showLog = vscode.l10n.t('Show Log');
  if ((await vscode.window.showErrorMessage(text, showLog)) === showLog) log.show();
}
