import * as vscode from 'vscode';

/** One question of a series. */
export interface Step<T extends vscode.QuickPickItem> {
  title: string;
  placeholder: string;
  /** Shown as "1/2" where there is more than one question. */
  number: number;
  of: number;
  items: T[];
}

/** The answer that leads to the question before. */
export const BACK = Symbol('back');

/** Asks one question. Returns the item chosen, `BACK`, or undefined when the question was dismissed. */
export function pickStep<T extends vscode.QuickPickItem>(step: Step<T>): Promise<T | typeof BACK | undefined> {
  const pick = vscode.window.createQuickPick<T>();
  pick.title = step.title;
  pick.placeholder = step.placeholder;
  if (step.of > 1) {
    pick.step = step.number;
    pick.totalSteps = step.of;
  }
  if (step.number > 1) pick.buttons = [vscode.QuickInputButtons.Back];
  pick.items = step.items;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      // Enter with nothing that matches is not an answer.
      if (!chosen) return;
      resolve(chosen);
      pick.hide();
    });
    pick.onDidTriggerButton(() => {
      resolve(BACK);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
