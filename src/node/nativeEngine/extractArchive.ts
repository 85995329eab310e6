import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar';
import { openZip } from './zipArchive.ts';

/**
 * Unpacks those files of a zip or a tar.gz, whatever its name says, whose path in it is wanted. Links are kept as long as
 * they stay within the folder.
 *
 * @param wanted gets a path with forward slashes and without `./` before it
 * @returns paths of the unpacked files and links, relative to the folder
 * Throws when the archive is cut short or damaged, and the error of the file system.
 */
export async function extractArchive(
  file: string,
  folder: string,
  wanted: (path: string) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return (await isZip(file)) ? unzip(file, folder, wanted, signal) : untar(file, folder, wanted, signal);
}

async function isZip(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read({ buffer: Buffer.alloc(2), position: 0 });
    return buffer.toString('latin1') === 'PK';
  } finally {
    await handle.close();
  }
}

async function unzip(
  file: string,
  folder: string,
  wanted: (path: string) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const zip = await openZip(file);
  try {
    const names = zip.names.filter(wanted);
    for (const name of names) await zip.extract(name, join(folder, name), { signal });
    return names;
  } finally {
    zip.close();
  }
}

async function untar(
  file: string,
  folder: string,
  wanted: (path: string) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const paths: string[] = [];
  const unpack = extract({
    cwd: folder,
    strict: true,
    filter: (path, entry) => {
      const plain = path.replace(/^\.\//, '');
      const isFile = !('type' in entry) || entry.type !== 'Directory';
      if (!isFile || !wanted(plain)) return false;
      paths.push(plain);
      return true;
    },
  });
  // The checksum at the end of the gzip stream tells whether it is whole.
  await pipeline(createReadStream(file), createGunzip(), unpack as unknown as NodeJS.WritableStream, { signal });
  return paths;
}
