import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEditorServer } from '../../scripts/lib/editorServer.mjs';
import { QUIET } from '../../test/support/quietSettings.ts';
import { startBrowser } from '../../test/webview/support/browser.ts';
import { type Editor, EditorWindow } from './editorWindow.ts';
import { ProbeServer } from './probeServer.ts';

export interface Session extends Editor {
  versions: { vscode: string; node: string; browser: string };
  /** Ends the server, the browser and everything they started. */
  stop: () => Promise<void>;
}

/**
 * Starts VS Code for the browser with Thaw and the probe in it, and a browser for its windows.
 *
 * @param root of the project
 * @param folder workspace to open
 * @param probeFolder where the probe is written
 */
export async function startSession(
  root: string,
  programs: { node: string; entry: string },
  folder: string,
  probeFolder: string,
): Promise<Session> {
  const ends: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const data = await mkdtemp(join(tmpdir(), 'thaw-bench-'));
    ends.push(() => rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    const probes = await ProbeServer.start(root, probeFolder);
    ends.push(() => probes.close());
    const server = await startEditorServer(programs, { data, settings: QUIET, extensions: [probeFolder] });
    ends.push(server.stop);
    const browser = await startBrowser((reason) => {
      throw new Error(reason);
    });
    ends.push(() => browser.close());
    const editor = { address: server.address, folder, browser, probes };
    // The first window of a server takes longer than others.
    const window = await EditorWindow.open(editor);
    const versions = { ...(await window.probe.ask('versions')), browser: browser.version() };
    await window.close();
    return { ...editor, versions, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
