import * as vscode from 'vscode';
import { applyPlanEdit, type PlanEdit, type PlanSources } from '../shared/planEdits.ts';
import { parsePlanText } from '../shared/planText.ts';
import { changeText } from './planDocument.ts';

/** Applies the edits of a plan editor to its document one after the other, each as one undo step. */
export class PlanEditing {
  private last: Promise<unknown> = Promise.resolve();
  private number = 0;

  constructor(private readonly document: vscode.TextDocument) {}

  /** Number of the edit that is being applied or was the last one. */
  get current(): number {
    return this.number;
  }

  /** Returns whether the text has changed. Rejects with the ThawError of `applyPlanEdit`. */
  apply(number: number, edit: PlanEdit, sources: PlanSources): Promise<boolean> {
    const applied = this.last.then(() => {
      this.number = number;
      return this.applyNow(edit, sources);
    });
    this.last = applied.catch(() => undefined);
    return applied;
  }

  private async applyNow(edit: PlanEdit, sources: PlanSources): Promise<boolean> {
    const { document } = this;
    const text = document.getText();
    const parsed = parsePlanText(text);
    if ('problems' in parsed) return false;
    const { changes } = applyPlanEdit(parsed.plan, edit, sources);
    const change = changeText(text, changes);
    if (!change) return false;
    const start = document.positionAt(change.offset);
    const end = document.positionAt(change.offset + change.length);
    const edits = new vscode.WorkspaceEdit();
    edits.replace(document.uri, new vscode.Range(start, end), change.text);
    return vscode.workspace.applyEdit(edits);
  }
}
