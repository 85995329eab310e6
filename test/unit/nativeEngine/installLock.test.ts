import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withInstallLock } from '../../../src/node/nativeEngine/installLock.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const lockIn = (directory: string): string => join(directory, 'install.lock');

describe('withInstallLock', () => {
  it('keeps others out while it works, and leaves nothing behind', async () => {
    const directory = await temporaryFolder();
    const result = await withInstallLock(directory, async () => {
      expect(await readFile(lockIn(directory), 'utf8')).toBe(String(process.pid));
      const second = withInstallLock(directory, async () => undefined);
      expect(await problemFrom(second)).toEqual({ reason: 'engineBusy', path: directory, processId: process.pid });
      return 7;
    });
    expect(result).toBe(7);
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives the lock back when the work fails', async () => {
    const directory = await temporaryFolder();
    await expect(withInstallLock(directory, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withInstallLock(directory, async () => 1)).toBe(1);
  });

  it('is refused while another process lives that holds it', async () => {
    const directory = await temporaryFolder();
    await writeFile(lockIn(directory), String(process.ppid));
    const problem = await problemFrom(withInstallLock(directory, async () => undefined));
    expect(problem).toEqual({ reason: 'engineBusy', path: directory, processId: process.ppid });
    expect(await readdir(directory)).toEqual(['install.lock']);
  });

  it.for<[string, () => string]>([
    ['of a process that has ended', () => String(spawnSync(process.execPath, ['--version']).pid)],
    ['of an earlier process with the same id', () => String(process.pid)],
    ['that says nothing', () => ''],
  ])('takes over a lock %s', async ([, content]) => {
    const directory = await temporaryFolder();
    await writeFile(lockIn(directory), content());
    expect(await withInstallLock(directory, async () => 1)).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });
});
