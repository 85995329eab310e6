import { spawn } from 'node:child_process';
import { ROOT } from './provision.ts';

/** Set-up of the suite that needs a browser only: finds or installs it. */
export async function setup(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/provision.mjs', '--browser-only'], { cwd: ROOT, stdio: 'inherit' });
    child.on('error', reject);
    // Each test says for itself what it misses.
    child.on('exit', () => resolve());
  });
}
