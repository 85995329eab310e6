import type { Browser, CDPSession, FrameLocator, Locator, Page } from 'playwright-core';
import { PlanPage } from '../../test/support/planPage.ts';
import type { Probe, ProbeServer } from './probeServer.ts';
import { planEditorFrame } from '../../test/support/planEditorFrame.ts';

const SIZE = { width: 1400, height: 1000 };
const PATIENCE_MS = 60_000;

/** What windows are opened with. */
export interface Editor {
  /** Of code-server. */
  address: string;
  /** The workspace. */
  folder: string;
  browser: Browser;
  probes: ProbeServer;
}

/** A window of VS Code on the workspace, with nothing of an earlier one, and the probe in its extension host. */
export class EditorWindow {
  /** The plan editor that can be seen. */
  readonly plan = new PlanPage(this);

  private constructor(
    readonly page: Page,
    readonly probe: Probe,
    /** The browser's own view of the page, with the frames in it. */
    readonly devtools: CDPSession,
  ) {}

  static async open({ address, folder, browser, probes }: Editor): Promise<EditorWindow> {
    const page = await browser.newPage({ viewport: SIZE });
    page.setDefaultTimeout(PATIENCE_MS);
    const probe = probes.next();
    await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`);
    await page.locator('.activitybar [aria-label^="Thaw"]').first().waitFor();
    return new EditorWindow(page, await probe, await page.context().newCDPSession(page));
  }

  /** Opens a plan of the workspace and waits for its network. */
  async openPlan(name: string): Promise<void> {
    await this.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name }).dblclick();
    await this.plan.ready();
  }

  /** Content of the visible plan editor. */
  planEditor(): FrameLocator {
    return planEditorFrame(this.page);
  }

  /** The page of the plan editor, to run scripts in. */
  get body(): Locator {
    return this.planEditor().locator('body');
  }

  /** Draws runs beside the shown one with their boxes in the Runs tab. */
  async putOnCharts(runs: readonly string[]): Promise<void> {
    await this.planEditor().getByRole('tab', { name: 'Runs' }).click();
    for (const run of runs) {
      // Without the pointer: each row that comes moves the boxes.
      const box = this.planEditor().getByRole('checkbox', { name: `${run} on the charts`, exact: true });
      await box.dispatchEvent('click');
      await this.planEditor()
        .getByRole('button', { name: `Take ${run} off the charts`, exact: true })
        .waitFor();
    }
  }

  /** Leaves the page first, so that VS Code ends the extension host of the window. */
  async close(): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.context().close();
  }
}
