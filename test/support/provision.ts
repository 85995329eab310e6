import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the root of the project. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

const FOUND = `${ROOT}/build/provision.json`;

interface Missing {
  part: string;
  reason: string;
  command: string;
}

interface Provision {
  browser: string | null;
  server: { node: string; entry: string } | null;
  missing: { browser: Missing | null; server: Missing | null };
}

/** Programs that run VS Code here. */
export interface EditorPrograms {
  /** The Node.js that runs code-server. */
  node: string;
  /** code-server itself. */
  entry: string;
}

/** Set-up of the suites that need VS Code: finds or installs it; a moment when it is there. */
export async function setup(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/provision.mjs'], { cwd: ROOT, stdio: 'inherit' });
    child.on('error', reject);
    // Each test says for itself what it misses.
    child.on('exit', () => resolve());
  });
}

/**
 * What `setup` found. Where this machine cannot provide it the test is skipped, with the reason and the command; on CI it
 * fails.
 */
export function editorPrograms(skip: (reason: string) => void): EditorPrograms {
  const { browser, server, missing } = JSON.parse(readFileSync(FOUND, 'utf8')) as Provision;
  if (browser !== null && server !== null) return server;
  const parts = [missing.browser, missing.server].filter((each) => each !== null);
  const reason = parts.map((each) => `${each.part} is missing: ${each.reason} (${each.command})`).join('; ');
  if (process.env.CI !== 'true') skip(reason);
  throw new Error(reason);
}
