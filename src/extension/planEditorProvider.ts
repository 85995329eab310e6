import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from './disposables.ts';
import { CONTEXTS, EDITORS } from './ids.ts';
import { openInPlanEditor } from './openPlan.ts';
import { planEditorHtml } from './planEditorHtml.ts';
import { type EditorServices, PlanEditorSession } from './planEditorSession.ts';

/** Opens plan files in plan editors and knows those that are open. */
export class PlanEditorProvider implements vscode.CustomTextEditorProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly sessions = new Set<PlanEditorSession>();
  /** Runs to be shown by editors that are still opening, by the plan's address. */
  private readonly toShow = new Map<string, string>();

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly services: EditorServices,
  ) {
    const options = { supportsMultipleEditorsPerDocument: true };
    this.disposables.add(vscode.window.registerCustomEditorProvider(EDITORS.plan, this, options));
  }

  get open(): ReadonlySet<PlanEditorSession> {
    return this.sessions;
  }

  resolveCustomTextEditor(document: vscode.TextDocument, panel: vscode.WebviewPanel): void {
    if (document.uri.scheme === 'file') this.services.runList.addPlan(document.uri.fsPath);
    const session = new PlanEditorSession(document, panel, this.services);
    this.sessions.add(session);
    const update = (): void => this.updateContext();
    const listeners = [session.onDidChangeStart(update), panel.onDidChangeViewState(update)];
    panel.onDidDispose(() => {
      for (const listener of listeners) listener.dispose();
      this.sessions.delete(session);
      session.dispose();
      this.updateContext();
    });
    this.fillPage(document, panel.webview);
    const run = this.toShow.get(document.uri.toString());
    if (run !== undefined) session.showRun(run);
    this.toShow.delete(document.uri.toString());
    this.updateContext();
  }

  /** Opens a plan with the charts of a run. */
  async showRun(plan: vscode.Uri, run: string): Promise<void> {
    const key = plan.toString();
    this.toShow.set(key, run);
    await openInPlanEditor(plan);
    for (const session of this.sessions) {
      if (session.document.uri.toString() !== key) continue;
      session.showRun(run);
      this.toShow.delete(key);
    }
  }

  /** Whether a plan is open where the user sees it. */
  isVisible(plan: string): boolean {
    return [...this.sessions].some(({ document, panel }) => panel.visible && document.uri.fsPath === plan);
  }

  dispose(): void {
    for (const session of this.sessions) session.dispose();
    this.disposables.dispose();
  }

  private fillPage(document: vscode.TextDocument, webview: vscode.Webview): void {
    const dist = vscode.Uri.joinPath(this.extensionUri, 'dist');
    const media = vscode.Uri.joinPath(this.extensionUri, 'media');
    webview.options = { enableScripts: true, localResourceRoots: [dist, media] };
    webview.html = planEditorHtml({
      source: webview.cspSource,
      nonce: randomBytes(24).toString('base64url'),
      script: webview.asWebviewUri(vscode.Uri.joinPath(dist, 'webview.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(dist, 'webview.css')).toString(),
      title: basename(document.uri.path),
      language: vscode.env.language,
    });
  }

  private updateContext(): void {
    const active = [...this.sessions].find(({ panel }) => panel.active);
    void vscode.commands.executeCommand('setContext', CONTEXTS.startState, active?.startState.state);
  }
}
