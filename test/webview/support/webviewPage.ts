import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { planEditorHtml } from '../../../src/extension/planEditorHtml.ts';
import type { Snapshot } from '../../../src/shared/webviewProtocol.ts';
import { themeClass, themeStyle, type ThemeName } from './themes.ts';

/** Tests and scripts run in the root of the project. */
const ROOT = process.cwd();
const NONCE = 'c29tZSBub25jZQ';
/** The toolkit sets one style attribute from its templates, which the policy stops; nothing depends on it. */
const TOOLKIT_MESSAGE = /Applying inline style violates.*style-src/;

export interface PageOptions {
  theme?: ThemeName;
  width?: number;
  height?: number;
  reducedMotion?: 'reduce';
  /** What the view kept when it was last open. */
  state?: unknown;
  /** A script that is in the page before its own. */
  initScript?: string;
}

/** Serves the built webview in the page that the extension makes for it, with the same policy. */
export class WebviewPages {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
  ) {}

  static async start(browser: Browser): Promise<WebviewPages> {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['test/webview/support/stubHost.ts'],
      bundle: true,
      write: false,
      format: 'iife',
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
      logLevel: 'error',
    });
    const stub = `globalThis.__zod_globalConfig = { jitless: true };\n${outputFiles[0].text}`;
    const server = createServer((request, response) => {
      const name = (request.url ?? '/').slice(1);
      const send = (type: string, body: string | Buffer): void =>
        void response.writeHead(200, { 'content-type': type }).end(body);
      if (name === 'stub.js') send('text/javascript', stub);
      else if (name === 'webview.js' || name === 'webview.css') {
        const type = name.endsWith('.js') ? 'text/javascript' : 'text/css';
        readFile(join(ROOT, 'dist', name)).then(
          (body) => send(type, body),
          () => response.writeHead(404).end(),
        );
      } else if (name === '') send('text/html', pageHtml(`http://${request.headers.host}`));
      else response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebviewPages(server, browser);
  }

  /** Opens the editor with a snapshot. `faults` fills with everything the page complains about. */
  async open(snapshot: Snapshot, options: PageOptions = {}): Promise<{ page: Page; faults: string[] }> {
    const { theme = 'dark', width = 1400, height = 900, reducedMotion, initScript, state } = options;
    const page = await this.browser.newPage({
      viewport: { width, height },
      ...(reducedMotion ? { reducedMotion } : {}),
    });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !TOOLKIT_MESSAGE.test(message.text())) faults.push(message.text());
    });
    if (initScript) await page.addInitScript({ path: initScript });
    await page.addInitScript(
      ({ start, kept, variables, bodyClass }) => {
        Object.assign(window, { exampleSnapshot: start, exampleState: kept });
        // VS Code marks the body before the page's own script runs.
        const mark = (): void => {
          for (const [name, value] of variables) document.documentElement.style.setProperty(name, value);
          document.body.classList.add(...bodyClass);
        };
        new MutationObserver((_, observer) => {
          if (!document.body) return;
          observer.disconnect();
          mark();
        }).observe(document, { childList: true, subtree: true });
      },
      { start: snapshot, kept: state, variables: Object.entries(themeStyle(theme)), bodyClass: themeClass(theme) },
    );
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
    await page.locator('.summary').waitFor();
    return { page, faults };
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function pageHtml(origin: string): string {
  const html = planEditorHtml({
    source: origin,
    nonce: NONCE,
    script: `${origin}/webview.js`,
    style: `${origin}/webview.css`,
    title: 'flowers.finetune.json',
    language: 'en',
  });
  return html.replace('<script', `<script nonce="${NONCE}" src="${origin}/stub.js"></script>\n    <script`);
}

/** Changes the theme of an open page, as VS Code does. */
export async function changeTheme(page: Page, theme: ThemeName): Promise<void> {
  await page.evaluate(
    ({ variables, bodyClass }) => {
      for (const [name] of variables) document.documentElement.style.removeProperty(name);
      for (const [name, value] of variables) document.documentElement.style.setProperty(name, value);
      document.body.className = bodyClass.join(' ');
    },
    { variables: Object.entries(themeStyle(theme)), bodyClass: themeClass(theme) },
  );
}
