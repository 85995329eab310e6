import type * as vscode from 'vscode';

export type VsCode = typeof vscode;

/** Tests by name that run inside the extension host; one that rejects has failed. They run in order, in one window. */
export type HostCases = Record<string, (vscode: VsCode) => Promise<void>>;

/** How a test ended; `problem` is null where it passed. */
export interface HostResult {
  problem: string | null;
  /** What it measured, for the log. */
  milliseconds: number;
}

/** Name of the file with the results, in the folder above the workspace's. */
export const RESULTS_FILE = 'host-results.json';

/** Name of the extension in VS Code. */
export const EXTENSION_ID = 'thaw.thaw';

/** Waits until something is there. VS Code has no event for much of what tests wait for. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | null | undefined | Promise<T | null | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}
