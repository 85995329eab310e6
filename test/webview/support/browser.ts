import { chromium, type Browser } from 'playwright-core';
import { findBrowser } from '../../../scripts/lib/browser.mjs';

/** Chromium on machines without a graphics card, and as root, where its sandbox does not start. */
const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--hide-scrollbars', '--force-color-profile=srgb'];

/**
 * Starts the Chrome, Chromium or Edge of this machine. Where there is none the tests are skipped with the reason, and on
 * CI they fail.
 */
export async function startBrowser(skip: (reason: string) => void): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === null) {
    const reason = 'No Chrome, Chromium or Edge was found (apt-get install chromium, or set CHROME_PATH).';
    if (process.env.CI !== 'true') skip(reason);
    throw new Error(reason);
  }
  return chromium.launch({ executablePath, args: FLAGS });
}
