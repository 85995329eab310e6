import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EditorServer, type EditorServerOptions, startEditorServer } from '../../scripts/lib/editorServer.mjs';
import type { EditorPrograms } from './provision.ts';
import { QUIET } from './quietSettings.ts';

/** Starts VS Code for the browser with an empty profile; ended with all its processes when the test is over. */
export async function startVsCode(
  programs: EditorPrograms,
  options: Omit<EditorServerOptions, 'data'> = {},
): Promise<EditorServer> {
  const data = await mkdtemp(join(tmpdir(), 'thaw-vscode-'));
  const removeData = (): Promise<void> => rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  onTestFinished(removeData);
  const server = await startEditorServer(programs, { ...options, data, settings: { ...QUIET, ...options.settings } });
  // Run in reverse order: the server ends before its folder goes.
  onTestFinished(server.stop);
  return server;
}
