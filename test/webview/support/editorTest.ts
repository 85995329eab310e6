import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, expect, it as plainTest } from 'vitest';
import type { Snapshot, ToHost } from '../../../src/shared/webviewProtocol.ts';
import { startBrowser } from './browser.ts';
import type { StubHost } from './stubHost.ts';
import { WebviewPages, type PageOptions } from './webviewPage.ts';

/** The plan editor in a page of its own. At the end of a test the page must have had nothing to complain about. */
export class Editor {
  private opened: { page: Page; faults: string[] } | undefined;

  constructor(private readonly pages: WebviewPages) {}

  get page(): Page {
    if (!this.opened) throw new Error('The editor is not open yet.');
    return this.opened.page;
  }

  async open(snapshot: Snapshot, options: PageOptions = {}): Promise<Page> {
    this.opened = await this.pages.open(snapshot, options);
    return this.page;
  }

  /** Edits the page has asked for, oldest first. */
  async edits(): Promise<unknown[]> {
    return (await this.messages()).flatMap((message) => (message.type === 'edit' ? [message.edit] : []));
  }

  async messagesOf(type: ToHost['type']): Promise<ToHost[]> {
    return (await this.messages()).filter((message) => message.type === type);
  }

  private messages(): Promise<StubHost['messages']> {
    return this.page.evaluate(() => window.stub.messages);
  }

  /** A row of the network, by its id. */
  row(id: string): Locator {
    return this.page.locator(`[data-id="${id}"]`);
  }

  /** The freeze switch of a row. */
  stateOf(id: string): Locator {
    return this.row(id).locator('.freeze');
  }

  async close(): Promise<void> {
    await this.opened?.page.close();
    expect(this.opened?.faults ?? [], 'complaints of the page').toEqual([]);
  }
}

let browser: Browser | undefined;
let pages: WebviewPages | undefined;

/** A test with an editor; skipped where there is no browser. */
export const it = plainTest.extend<{ editor: Editor }>({
  editor: async ({ skip }, use) => {
    browser ??= await startBrowser(skip);
    pages ??= await WebviewPages.start(browser);
    const editor = new Editor(pages);
    await use(editor);
    await editor.close();
  },
});

afterAll(async () => {
  await pages?.close();
  await browser?.close();
});
