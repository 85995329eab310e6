import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';

const run = promisify(execFile);
const NEEDS_ROOT = 'file systems can only be mounted by root: run the tests with sudo, on Linux, to include it';

/** Mounts an empty file system of this size at a folder until the test is over; skips the test where that is impossible. */
export async function mountSmallDisk(context: TestContext, folder: string, size: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).then(
    () => true,
    () => false,
  );
  if (!mounted) return context.skip(NEEDS_ROOT);
  // Lazily, so that a process that is still at work in it cannot keep it mounted.
  onTestFinished(async () => void (await run('umount', ['-l', folder])));
}

/** Makes what `mountSmallDisk` mounted read-only. */
export async function makeReadOnly(folder: string): Promise<void> {
  await run('mount', ['-o', 'remount,ro', folder]);
}
