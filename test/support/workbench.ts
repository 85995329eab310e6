import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { ROOT } from './provision.ts';
import { planEditorFrame } from './planEditorFrame.ts';

const SIZE = { width: 1400, height: 900 };
/** VS Code on a small machine that trains at the same time. */
const PATIENCE = 30_000;

/** What the webview toolkit does under a policy without inline styles: it says this, and looks no different for it. */
const TOOLKIT_MESSAGE =
  /^Applying inline style violates the following Content Security Policy directive 'style-src .*The action has been blocked\. \(\S+\/dist\/webview\.js\)$/;

export interface WorkbenchOptions {
  width?: number;
  height?: number;
}

/** A window of VS Code with a folder, as a person uses it. */
export class Workbench {
  readonly page: Page;
  /** Errors that come from Thaw: VS Code without network has many of its own. */
  readonly errors: string[] = [];
  readonly #address: string;

  private constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.#note(`${error.message}\n${error.stack ?? ''}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#note(`${message.text()} (${message.location().url})`);
    });
  }

  /** Opens a folder and waits until Thaw's icon is there: before that, the palette does not know its commands. */
  static async open(
    browser: Browser,
    server: { address: string },
    folder: string,
    { width = SIZE.width, height = SIZE.height }: WorkbenchOptions = {},
  ): Promise<Workbench> {
    const page = await browser.newPage({ viewport: { width, height } });
    // Hooks run in reverse order: the picture is taken while everything is still there.
    onTestFinished(async ({ task }) => {
      if (task.result?.state !== 'fail') return;
      const pictures = join(ROOT, 'build', 'e2e');
      await mkdir(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${task.name.replace(/\W+/g, '-')}.png`) });
    });
    const workbench = new Workbench(page, server.address);
    await page.goto(`${server.address}/?folder=${encodeURIComponent(folder)}`);
    await workbench.ready();
    return workbench;
  }

  /** Waits for the workbench with Thaw in it. */
  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor();
    await this.activityIcon().waitFor();
  }

  /** Loads the window again with VS Code's own command, which first writes down what is open. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.ready();
  }

  activityIcon(): Locator {
    return this.page.locator('.activitybar [aria-label^="Thaw"]').first();
  }

  /**
   * Runs a command from the palette; `label` is its whole title with the category. A palette that was opened before an
   * extension had registered the command never lists it, so it is opened anew until it does.
   */
  async runCommand(label: string): Promise<void> {
    const row = this.paletteRow(label);
    const isListed = async (): Promise<boolean> => {
      await this.openPalette(label);
      const listed = await row.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      );
      if (!listed) await this.page.keyboard.press('Escape');
      return listed;
    };
    await expect.poll(isListed, { timeout: PATIENCE, interval: 100 }).toBe(true);
    await row.click();
  }

  /** Opens the palette and filters it. One that is just closing looks open for a moment, so it is tried again. */
  async openPalette(text: string): Promise<void> {
    const input = this.quickInput().locator('input.input');
    const typed = async (): Promise<string> => {
      if (!(await input.isVisible())) await this.page.keyboard.press('F1');
      try {
        await input.fill(`>${text}`, { timeout: 1000 });
        return await input.inputValue({ timeout: 1000 });
      } catch {
        return '';
      }
    };
    await expect.poll(typed, { timeout: PATIENCE }).toBe(`>${text}`);
  }

  /** A row of the palette or of a quick pick by its whole label. */
  paletteRow(label: string): Locator {
    const name = this.page.locator('.label-name').filter({ hasText: wholly(label) });
    return this.quickInput().locator('.monaco-list-row').filter({ has: name }).first();
  }

  quickInput(): Locator {
    return this.page.locator('.quick-input-widget');
  }

  /** The quick pick that asks `placeholder`. */
  question(placeholder: string): Locator {
    return this.quickInput().locator(`input[placeholder^="${placeholder}"]`);
  }

  /** Answers a question with one of its rows. */
  async pick(placeholder: string, label: string): Promise<void> {
    await this.question(placeholder).fill(label);
    await this.paletteRow(label).click();
  }

  /**
   * The content of the visible plan editor. VS Code makes its frames anew when a tab is hidden or moved, so ask again
   * instead of keeping what this returns.
   */
  planEditor(): FrameLocator {
    return planEditorFrame(this.page);
  }

  /** Opens a file of the folder by a double click in the explorer, which keeps its tab. */
  async openFile(name: string): Promise<void> {
    const explorer = this.page.locator('.explorer-folders-view');
    if (!(await explorer.isVisible())) await this.runCommand('File: Focus on Files Explorer');
    await this.explorerRow(name).dblclick();
  }

  /** Opens a plan in the plan editor, also where VS Code does not know yet that plans have one. */
  async openPlan(name: string): Promise<void> {
    await this.openFile(name);
    const text = this.page.locator('.editor-instance .monaco-editor .view-lines').first();
    const editor = this.page.locator('iframe.webview.ready[src*="extensionId=thaw.thaw"]').first();
    await text.or(editor).first().waitFor({ state: 'attached' });
    if (await text.isVisible()) await this.runCommand('Thaw: Open in the Plan Editor');
  }

  /** Saves the active editor and waits until its tab says so. */
  async save(name: string): Promise<void> {
    await this.runCommand('File: Save');
    const unsaved = this.page.locator('.tabs-container .tab.dirty').filter({ hasText: name });
    await expect.poll(() => unsaved.count(), { timeout: PATIENCE }).toBe(0);
  }

  /** Replaces text in the active text editor with VS Code's own find and replace. */
  async replaceInText(from: string, to: string): Promise<void> {
    await this.page.locator('.monaco-editor .view-lines').filter({ visible: true }).first().click();
    await this.runCommand('Replace');
    const widget = this.page.locator('.find-widget.visible');
    await widget.getByRole('textbox', { name: 'Find', exact: true }).fill(from);
    await widget.getByRole('textbox', { name: 'Replace', exact: true }).fill(to);
    await widget.locator('.matchesCount').filter({ hasText: '1 of 1' }).waitFor();
    await widget.getByRole('button', { name: /^Replace All/ }).click();
    await this.page.keyboard.press('Escape');
  }

  /** Answers VS Code's own file dialog, which a browser has in place of the system's. */
  async chooseFile(path: string): Promise<void> {
    const input = this.quickInput().locator('input.input');
    const row = this.quickInput()
      .locator('.monaco-list-row')
      .filter({ hasText: basename(path) });
    // The dialog writes the folder it starts in into its field a little later.
    const typed = async (): Promise<number> => {
      await input.fill(path);
      return row.count();
    };
    await expect.poll(typed, { timeout: PATIENCE, interval: 500 }).toBeGreaterThan(0);
    await this.quickInput()
      .getByRole('button', { name: /^(OK|Predict|Use)/ })
      .click();
  }

  /** Chooses an entry of the context menu of a row. A menu takes no click in the moment in which it opens. */
  async chooseFromMenu(row: Locator, label: string): Promise<void> {
    const item = this.page.locator('.context-view .action-label').filter({ hasText: wholly(label) });
    await row.click({ button: 'right' });
    const isOpen = async (): Promise<boolean> => {
      if (await item.isVisible()) await item.click({ timeout: 1000 }).catch(() => undefined);
      return item.isVisible();
    };
    await item.waitFor();
    await expect.poll(isOpen, { timeout: PATIENCE, interval: 500 }).toBe(false);
  }

  /** A file or folder in the explorer. */
  explorerRow(name: string): Locator {
    const explorer = this.page.locator('.explorer-folders-view');
    return explorer.locator('.monaco-list-row').filter({ hasText: wholly(name) });
  }

  editorTab(name: string): Locator {
    return this.page.locator('.tabs-container .tab').filter({ hasText: name });
  }

  /** Closes the tab of this name, whichever editor is the active one. */
  async closeEditor(name: string): Promise<void> {
    await this.editorTab(name).click({ button: 'middle' });
    await this.editorTab(name).waitFor({ state: 'detached' });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast, .notification-list-item').filter({ hasText: text }).first();
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text });
  }

  /** Brings the runs view to the front. A click on its icon would hide it if it is there already. */
  async showRuns(): Promise<void> {
    await this.runCommand('Thaw: Focus on Runs View');
    await this.runsTree().waitFor();
  }

  runsTree(): Locator {
    return this.page.getByRole('tree', { name: /Runs/ });
  }

  /** A row of the runs view. */
  runRow(text: string | RegExp): Locator {
    return this.runsTree().getByRole('treeitem').filter({ hasText: text });
  }

  #note(text: string): void {
    if (TOOLKIT_MESSAGE.test(text)) return;
    if (/thaw|Content Security Policy/i.test(text.replaceAll(this.#address, ''))) this.errors.push(text);
  }
}

function wholly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
}
