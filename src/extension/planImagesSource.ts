import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { Plan } from '../shared/plan.ts';
import type { Loadable, PlanData, Thumbnail } from '../shared/planView.ts';
import {
  type HeldOut,
  heldOutFolders,
  listPlanImages,
  type PlanImages,
  trainingFolder,
  withoutUnreadable,
} from './planData.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** Time without typing before the disk is read again. */
const SETTLE_MS = 250;

/** The training images of a plan: counted by their names at once, and without the unreadable ones a little later. */
export class PlanImagesSource implements vscode.Disposable {
  private state: Loadable<PlanImages> = { state: 'loading' };
  private root: string | null = null;
  private heldOut: HeldOut = {};
  /** What the folder holds by its names, to see whether anything has changed. */
  private listed: PlanImages | null = null;
  private timer: NodeJS.Timeout | undefined;
  private controller = new AbortController();

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly trainer: TrainerService,
    private readonly onChange: () => void,
  ) {}

  get view(): Loadable<PlanData> {
    return this.state.state === 'ready' ? { state: 'ready', value: this.state.value.view } : this.state;
  }

  get known(): PlanImages | null {
    return this.state.state === 'ready' ? this.state.value : null;
  }

  /** Loads the folder a plan names, unless it is there. One that failed is tried again. */
  load(plan: Plan): void {
    const path = this.document.uri.fsPath;
    const root = trainingFolder(path, plan);
    const heldOut = heldOutFolders(path, plan);
    const isSame = root === this.root && isDeepStrictEqual(heldOut, this.heldOut);
    if (isSame && this.state.state !== 'failed') return;
    const isFirst = this.root === null;
    if (root !== this.root) this.show({ state: 'loading' });
    this.root = root;
    this.heldOut = heldOut;
    this.listed = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(root), isFirst ? 0 : SETTLE_MS);
  }

  /** Reads the folder again, since files may have come and gone while nobody looked. */
  lookAgain(): void {
    if (this.root !== null) void this.read(this.root);
  }

  /** Lists and opens all images again, when more may be done with them than before. */
  startOver(): void {
    this.listed = null;
    this.lookAgain();
  }

  /** Whether a path is one of the images shown, or of the files that cannot be used. */
  isListed(file: string): boolean {
    if (!this.known) return false;
    const { files, view } = this.known;
    const named = [...view.problems, ...(view.notes ?? [])];
    return named.some((each) => each.file === file) || [...files.values()].some((list) => list.includes(file));
  }

  /** Some images of a class as the network sees them, and how many the class has. */
  async thumbnails(
    inputShape: number[] | undefined,
    className: string,
    offset: number,
    count: number,
    augmentation: number,
  ): Promise<{ total: number; images: Thumbnail[] }> {
    const all = this.known?.files.get(className) ?? [];
    const files = all.slice(offset, offset + count);
    if (files.length === 0 || inputShape === undefined) return { total: all.length, images: [] };
    if (!vscode.workspace.isTrusted) {
      const problem = vscode.l10n.t('Images are decoded once you trust the workspace.');
      return { total: all.length, images: files.map((file) => ({ file, png: null, problem })) };
    }
    const directory = dirname(this.document.uri.fsPath);
    const params = { directory, text: this.document.getText(), inputShape, files, augmentation };
    const images = await this.trainer.request('thumbnails', params).then(
      (result) => result.images,
      (error: unknown) => files.map((file) => ({ file, png: null, problem: problemText(error) })),
    );
    return { total: all.length, images };
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  private async read(root: string): Promise<void> {
    try {
      const listed = await listPlanImages(root, this.heldOut);
      if (root !== this.root || this.isSame(listed)) return;
      this.listed = listed;
      this.show({ state: 'ready', value: listed });
      await this.inspect(root, listed);
    } catch (error) {
      if (root === this.root) this.show({ state: 'failed', problem: problemText(error) });
    }
  }

  private isSame(listed: PlanImages): boolean {
    return this.listed !== null && isDeepStrictEqual(this.listed.view, listed.view);
  }

  /** Opens every image, which takes a while and runs beside everything else. */
  private async inspect(root: string, listed: PlanImages): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    this.controller.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const params = { directory: root, path: root, heldOut: this.heldOut };
    const summary = await this.trainer.requestAlone('data', params, { signal }).catch(() => null);
    if (summary && this.listed === listed && !signal.aborted) {
      this.show({ state: 'ready', value: withoutUnreadable(listed, summary) });
    }
  }

  private show(state: Loadable<PlanImages>): void {
    this.state = state;
    this.onChange();
  }
}
