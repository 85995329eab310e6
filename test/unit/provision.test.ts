import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBrowser, findOnPath } from '../../scripts/lib/browser.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { temporaryFolder } from '../support/temporaryFolder.ts';

async function program(...path: string[]): Promise<string> {
  const file = join(...path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o755);
  return file;
}

describe('finding a browser', () => {
  it('takes the one that CHROME_PATH names before any on the path', async () => {
    const folder = await temporaryFolder();
    await program(folder, 'bin', 'chromium');
    const own = await program(folder, 'own');
    expect(findBrowser({ PATH: join(folder, 'bin'), CHROME_PATH: own }, 'linux')).toBe(own);
  });

  it('refuses a CHROME_PATH that names nothing instead of taking another', async () => {
    const folder = await temporaryFolder();
    await program(folder, 'bin', 'chromium');
    expect(() => findBrowser({ PATH: join(folder, 'bin'), CHROME_PATH: join(folder, 'none') }, 'linux')).toThrow(
      'CHROME_PATH',
    );
  });

  it('finds one on the path, and none where there is none', async () => {
    const folder = await temporaryFolder();
    const chrome = await program(folder, 'second', 'google-chrome');
    await mkdir(join(folder, 'first', 'chromium'), { recursive: true });
    const PATH = [join(folder, 'first'), join(folder, 'second')].join(delimiter);
    expect(findBrowser({ PATH }, 'linux')).toBe(chrome);
    expect(findBrowser({ PATH: join(folder, 'first') }, 'linux')).toBeNull();
  });

  it('finds an application of macOS', async () => {
    const folder = await temporaryFolder();
    const chrome = await program(folder, 'Applications', 'Google Chrome.app', 'Contents', 'MacOS', 'Google Chrome');
    expect(findBrowser({ HOME: folder, PATH: '' }, 'darwin')).toBe(chrome);
  });

  it('looks in no folder that depends on where it is started', async () => {
    const folder = await temporaryFolder();
    await program(folder, 'code');
    expect(findOnPath(['code'], { PATH: relative(process.cwd(), folder) })).toBeNull();
    expect(findOnPath(['code'], { PATH: folder })).toBe(join(folder, 'code'));
  });
});

describe('the lock of an installation', () => {
  it('is held while the work is done, with the id of the process in it', async () => {
    const lock = join(await temporaryFolder(), 'cache', 'lock');
    const owner = await withLock(
      lock,
      () => undefined,
      () => readFile(lock, 'utf8'),
    );
    expect(owner).toBe(String(process.pid));
    expect(existsSync(lock)).toBe(false);
  });

  it('is given back when the work fails', async () => {
    const lock = join(await temporaryFolder(), 'lock');
    const fail = withLock(
      lock,
      () => undefined,
      () => Promise.reject(new Error('no space')),
    );
    await expect(fail).rejects.toThrow('no space');
    expect(existsSync(lock)).toBe(false);
  });

  it('lets a second one wait for the first', async () => {
    const lock = join(await temporaryFolder(), 'lock');
    const order: string[] = [];
    let finish = (): void => undefined;
    const first = withLock(
      lock,
      () => order.push('the first waits'),
      async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        order.push('first');
      },
    );
    const onWait = (owner: number): void => {
      order.push(owner === process.pid ? 'the second waits' : 'for another');
      finish();
    };
    const second = withLock(lock, onWait, async () => order.push('second'));
    await Promise.all([first, second]);
    expect(order).toEqual(['the second waits', 'first', 'second']);
  });

  it('is taken over from a process that is gone, and from one that wrote nothing of use', async () => {
    const lock = join(await temporaryFolder(), 'lock');
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    for (const content of [String(child.pid), '', 'x']) {
      await writeFile(lock, content);
      const onWait = (): never => {
        throw new Error('waited for nobody');
      };
      await expect(withLock(lock, onWait, async () => 'done')).resolves.toBe('done');
    }
  });
});
