import { basename } from 'node:path';
import * as vscode from 'vscode';
import { cacheStatus, clearCache } from '../node/featureCache/cacheFolder.ts';
import { hasLiveChange } from '../shared/liveChange.ts';
import type { PlanSources } from '../shared/planEdits.ts';
import type { PlanDocument } from '../shared/planView.ts';
import { packSteps } from '../shared/stepTransfer.ts';
import { type TrialPlans, trialPlans } from '../shared/trial.ts';
import {
  type RunChangeState,
  type Snapshot,
  type StartState,
  type ToHost,
  toHostSchema,
  type ToWebview,
  type TrialView,
} from '../shared/webviewProtocol.ts';
import { Disposables } from './disposables.ts';
import { editorStrings } from './editorStrings.ts';
import { COMMANDS } from './ids.ts';
import { LearningCurveSource } from './learningCurveSource.ts';
import { MeasuredSource } from './measuredSource.ts';
import { openPlanAsText } from './openPlan.ts';
import { readPlanDocument } from './planDocument.ts';
import { PlanEditing } from './planEditing.ts';
import { PlanImagesSource } from './planImagesSource.ts';
import { PlanNetworkSource } from './planNetworkSource.ts';
import { PlanRuns } from './planRuns.ts';
import { problemText } from './problemText.ts';
import type { RunList } from './runList.ts';
import type { RunService } from './runService.ts';
import { startRefusal } from './startRefusal.ts';
import type { TrainerService } from './trainerService.ts';
import { refusalToTrain, refusalToTry } from './trialRefusal.ts';
import type { TrialService } from './trialService.ts';

/** What every open plan editor works with. */
export interface EditorServices {
  trainer: TrainerService;
  runs: RunService;
  trials: TrialService;
  runList: RunList;
  log: vscode.LogOutputChannel;
}

/** One open plan editor: tells its webview what there is while it can be seen, and does what the webview asks for. */
export class PlanEditorSession implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly stateChanged = this.disposables.add(new vscode.EventEmitter<void>());
  /** What may be started has changed. */
  readonly onDidChangeStart = this.stateChanged.event;

  private readonly editing: PlanEditing;
  private readonly network: PlanNetworkSource;
  private readonly images: PlanImagesSource;
  private readonly cost: MeasuredSource<'cost'>;
  private readonly similarity: MeasuredSource<'similarity'>;
  private readonly learningCurve: LearningCurveSource;
  private readonly planRuns: PlanRuns;
  private content: PlanDocument;
  /** Images of each class when they were last listed. */
  private counts: string | null = null;
  /** The page has asked for everything, so it hears of changes. */
  private isListening = false;

  constructor(
    readonly document: vscode.TextDocument,
    readonly panel: vscode.WebviewPanel,
    private readonly services: EditorServices,
  ) {
    const { trainer, runs, runList } = services;
    this.content = readPlanDocument(document.getText(), null, null);
    this.network = this.disposables.add(new PlanNetworkSource(document, trainer, () => this.networkChanged()));
    this.images = this.disposables.add(new PlanImagesSource(document, trainer, () => this.imagesChanged()));
    this.similarity = this.disposables.add(
      new MeasuredSource('similarity', document, trainer, () => this.similarityChanged()),
    );
    this.cost = this.disposables.add(
      new MeasuredSource('cost', document, trainer, () => this.post({ type: 'cost', cost: this.cost.view })),
    );
    this.learningCurve = this.disposables.add(
      new LearningCurveSource(document, trainer, () =>
        this.post({ type: 'learningCurve', curve: this.learningCurve.view }),
      ),
    );
    this.planRuns = this.disposables.add(new PlanRuns(document.uri.fsPath, runs, runList, (part) => this.post(part)));
    this.editing = new PlanEditing(document);
    this.listen();
    this.pauseMeasuring();
    this.loadParts();
  }

  get startState(): StartState {
    const state = this.services.runs.startState(this.document.uri.fsPath);
    if (state.state === 'running') return { ...state, change: this.runChange() };
    if (state.state !== 'ready') return state;
    const { trials } = this.services;
    const reason = startRefusal(this.document.uri, this.content.problems) ?? refusalToTrain(trials);
    return reason === null ? state : { state: 'blocked', reason };
  }

  /** Whether something trains, which needs the machine. */
  private get isBusy(): boolean {
    const { runs, trials } = this.services;
    return runs.live !== null || trials.running !== null;
  }

  private get sources(): PlanSources {
    const { view: similarity } = this.similarity;
    return {
      network: this.network.known,
      data: this.images.known?.view ?? null,
      similarity: similarity.state === 'ready' ? similarity.value.measurement : null,
    };
  }

  private get trialView(): TrialView {
    const { trials, runs } = this.services;
    const { uri } = this.document;
    const both = this.tried;
    return {
      is: trials.state(uri.fsPath, both && this.trialKey(both)),
      refusal: startRefusal(uri, this.content.problems) ?? refusalToTry(uri.fsPath, runs, trials),
      isBusy: this.isBusy,
    };
  }

  /** The two plans of a trial; null where there is nothing to try. */
  private get tried(): TrialPlans | null {
    const { plan } = this.content;
    return plan && this.network.known ? trialPlans(plan, this.sources) : null;
  }

  /** What the answer of a trial depends on. */
  private trialKey(both: TrialPlans): string {
    return JSON.stringify([both.recommended.plan, both.challenger.plan, this.sources.data?.perClass]);
  }

  /** Whether the plan as it stands has something for the run that trains it. */
  private runChange(): RunChangeState {
    const { live } = this.services.runs;
    if (live?.isChanging) return 'sent';
    const { plan, problems } = this.content;
    if (!live?.plan || !plan || problems.length > 0) return 'none';
    return hasLiveChange(live.plan, plan) ? 'possible' : 'none';
  }

  /** Shows the charts of a run. */
  showRun(run: string): void {
    void this.planRuns.choose(run);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private listen(): void {
    const { panel, document, services } = this;
    const add = (item: vscode.Disposable): void => void this.disposables.add(item);
    add(panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message)));
    add(panel.onDidChangeViewState(() => this.visibilityChanged()));
    add(
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === document && event.contentChanges.length > 0) this.textChanged();
      }),
    );
    add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.loadParts();
        this.images.startOver();
        this.startChanged();
      }),
    );
    add(
      services.runs.onDidChange(() => {
        this.pauseMeasuring();
        this.startChanged();
      }),
    );
    add(
      services.trials.onDidChange(() => {
        this.pauseMeasuring();
        this.startChanged();
      }),
    );
    add(services.trainer.onDidChangeEngine(() => void this.engineChanged()));
  }

  private receive(raw: unknown): void {
    const parsed = toHostSchema.safeParse(raw);
    if (!parsed.success) {
      this.services.log.warn('The plan editor sent a message that is not understood', parsed.error.message);
      return;
    }
    this.answer(parsed.data).catch((error: unknown) => {
      this.services.log.error(problemText(error));
      void vscode.window.showErrorMessage(problemText(error));
    });
  }

  private async answer(message: ToHost): Promise<void> {
    const { commands } = vscode;
    switch (message.type) {
      case 'ready':
      case 'resync':
        await this.sendSnapshot();
        break;
      case 'edit':
        await this.edit(message);
        break;
      case 'start':
        await commands.executeCommand(COMMANDS.startTraining, this.document.uri);
        break;
      case 'stop':
        await commands.executeCommand(COMMANDS.stopTraining, this.document.uri);
        break;
      case 'measureSimilarity':
        if (message.wanted) this.similarity.restart();
        else this.similarity.stop();
        break;
      case 'try':
        await this.startTrial();
        break;
      case 'stopTrial':
        this.services.trials.stop(this.document.uri.fsPath);
        break;
      case 'changeRun':
        if (this.startState.state === 'running') this.services.runs.live?.change(this.document.getText());
        break;
      case 'resume':
        await commands.executeCommand(COMMANDS.continueRun, message.run);
        break;
      case 'openAsText':
        await openPlanAsText(this.document.uri, message.line);
        break;
      case 'showEngines':
        await commands.executeCommand(COMMANDS.showEngines);
        break;
      case 'openImage':
        if (this.images.isListed(message.file)) {
          await commands.executeCommand('vscode.open', vscode.Uri.file(message.file));
        }
        break;
      case 'showRun':
        await this.planRuns.choose(message.run);
        break;
      case 'compare':
        await this.planRuns.compare(message.run, message.compared);
        break;
      case 'thumbnails':
        await this.sendThumbnails(message);
        break;
      case 'cache':
        await this.sendCache();
        break;
      case 'clearCache':
        await this.sendCache(await clearCache());
        break;
      case 'measureCurve':
        if (this.content.plan && !this.isBusy) await this.learningCurve.measure(this.content.plan);
        break;
      case 'stopCurve':
        this.learningCurve.stop();
        break;
    }
  }

  /** A text with faults is mended as text: what is typed there is not to be overwritten from an older plan. */
  private async edit({ number, edit }: Extract<ToHost, { type: 'edit' }>): Promise<void> {
    let changed = false;
    try {
      changed = await this.editing.apply(number, edit, this.sources);
    } finally {
      // The page may have shown what it expected; a text that has changed has been sent already.
      if (!changed) this.post({ type: 'document', document: this.content, edit: number });
    }
  }

  /** Of the plan as it is in its editor: what is not saved is saved first. */
  private async startTrial(): Promise<void> {
    const both = this.tried;
    const { refusal } = this.trialView;
    if (refusal !== null) {
      await vscode.window.showWarningMessage(refusal);
      return;
    }
    const { document } = this;
    if (both === null) return;
    const key = this.trialKey(both);
    if (document.isDirty && !(await document.save())) return;
    const titles = { recommended: both.recommended.title, challenger: both.challenger.title };
    await this.services.trials.start(document.uri.fsPath, key, titles);
  }

  private async sendThumbnails(request: Extract<ToHost, { type: 'thumbnails' }>): Promise<void> {
    const { className, offset, count, augmentation } = request;
    const found = await this.images.thumbnails(this.network.known?.inputShape, className, offset, count, augmentation);
    this.post({ type: 'thumbnails', className, offset, augmentation, ...found });
  }

  /** Tells what the cache of features holds, and what has just been freed of it. */
  async sendCache(freedBytes: number | null = null): Promise<void> {
    const { bytes, limitBytes, enabled } = await cacheStatus();
    this.post({ type: 'cache', cache: { bytes, limitBytes, enabled }, freedBytes });
  }

  private async sendSnapshot(): Promise<void> {
    const engine = await this.engineText();
    for (;;) {
      const { run, compared, runs, isCurrent } = await this.planRuns.full();
      if (!isCurrent()) continue;
      const title = basename(this.document.uri.path);
      const { content: document, startState: start } = this;
      const snapshot: Snapshot = {
        ...{ type: 'snapshot', title, document, start, run, compared, runs, engine },
        strings: editorStrings(),
        network: this.network.view,
        data: this.images.view,
        cost: this.cost.view,
        similarity: this.similarity.view,
        learningCurve: this.learningCurve.view,
        trial: this.trialView,
      };
      this.isListening = true;
      this.post(snapshot);
      return;
    }
  }

  private async engineText(): Promise<string> {
    return vscode.l10n.t('{0} engine', await this.services.trainer.engineName());
  }

  private async engineChanged(): Promise<void> {
    this.post({ type: 'engine', engine: await this.engineText() });
  }

  /** A page that is not seen is thrown away by the editor, and asks anew when it is back. */
  private visibilityChanged(): void {
    if (!this.panel.visible) {
      this.isListening = false;
      return;
    }
    this.images.lookAgain();
  }

  private textChanged(): void {
    this.content = readPlanDocument(this.document.getText(), this.content.plan, this.network.known);
    this.postDocument();
    this.startChanged();
    this.loadParts();
  }

  private loadParts(): void {
    if (this.content.plan === null) return;
    this.network.load(this.content.plan);
    this.images.load(this.content.plan);
    this.learningCurve.load(this.content.plan);
    this.measureParts();
  }

  private networkChanged(): void {
    this.post({ type: 'network', network: this.network.view });
    this.trialChanged();
    this.measureParts();
    const before = JSON.stringify(this.content.problems);
    this.content = readPlanDocument(this.document.getText(), this.content.plan, this.network.known);
    if (JSON.stringify(this.content.problems) === before) return;
    this.postDocument();
    this.startChanged();
  }

  private imagesChanged(): void {
    this.post({ type: 'data', data: this.images.view });
    this.trialChanged();
    const counts = JSON.stringify(this.images.known?.view.perClass ?? null);
    if (this.counts !== null && counts !== this.counts) this.similarity.again();
    this.counts = counts;
  }

  private similarityChanged(): void {
    this.post({ type: 'similarity', similarity: this.similarity.view });
    this.trialChanged();
  }

  /** Of a network that can be had; the similarity first, which takes less long. */
  private measureParts(): void {
    if (!this.network.known || !this.content.plan) return;
    this.similarity.load(this.content.plan);
    this.cost.load(this.content.plan);
  }

  private pauseMeasuring(): void {
    const { isBusy } = this;
    this.similarity.pause(isBusy);
    this.cost.pause(isBusy);
    if (isBusy) this.learningCurve.giveWay();
  }

  private postDocument(): void {
    this.post({ type: 'document', document: this.content, edit: this.editing.current });
  }

  private trialChanged(): void {
    this.post({ type: 'trial', trial: this.trialView });
  }

  private startChanged(): void {
    this.post({ type: 'start', start: this.startState });
    this.trialChanged();
    this.stateChanged.fire();
  }

  /** Nobody waits for it: a webview that is moved may never confirm a message. */
  private post(message: ToWebview): void {
    if (!this.isListening || !this.panel.visible) return;
    this.panel.webview.postMessage(packSteps(message)).then(undefined, () => undefined);
  }
}
