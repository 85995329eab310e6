import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const CHECK_MILLISECONDS = 500;

/**
 * Runs something while no other process does, by a file that holds the id of the process. A file whose process is gone
 * is taken over.
 *
 * @template T
 * @param {string} path of the file
 * @param {(owner: number) => void} onWait called once when another process is at it
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (owner === null || !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) onWait(owner);
    told = true;
    await wait(CHECK_MILLISECONDS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when the file went away meanwhile or holds nothing of use. */
function ownerOf(path) {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(owner) && owner > 0 ? owner : null;
  } catch {
    return null;
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
