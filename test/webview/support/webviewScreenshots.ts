import { exampleSnapshot } from './exampleSnapshot.ts';
import { startBrowser } from './browser.ts';
import { THEME_NAMES } from './themes.ts';
import { WebviewPages } from './webviewPage.ts';

const WIDTHS = [1400, 700] as const;
const EPOCHS = 9;

/** Pictures of the plan editor with the stub host in every theme and width, into `folder`. */
export async function takeScreenshots(folder: string): Promise<string[]> {
  const browser = await startBrowser((reason) => console.log(reason));
  const pages = await WebviewPages.start(browser);
  const written: string[] = [];
  try {
    for (const theme of THEME_NAMES) {
      for (const width of WIDTHS) {
        const { page, faults } = await pages.open(exampleSnapshot({ epochs: EPOCHS }), { theme, width, height: 960 });
        await page.locator('canvas').nth(1).waitFor();
        const path = `${folder}/webview-${theme}-${width}.png`;
        await page.screenshot({ path, fullPage: true });
        written.push(path, ...faults);
        await page.close();
      }
    }
  } finally {
    await pages.close();
    await browser.close();
  }
  return written;
}
