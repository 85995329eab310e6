import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import * as z from 'zod';
import { ThawError } from '../shared/errors.ts';
import { replaceDirectory, toFileProblem, writeFileAtomic } from './atomicFile.ts';

const PLAN_SUFFIX = '.finetune.json';
const ARCHIVE_SUFFIX = '.zip';

/** Files written at a time: some systems allow a process only 256 open ones. */
const PARALLEL_WRITES = 16;

/** Lies in an unpacked folder and holds the hash of its archive. */
const MARKER = '.archive';

/** Lies in `.thaw` and holds the hash of each plan as it was copied, to know one the user has edited since. */
const COPIED_PLANS = 'sample.json';

const copiedPlansSchema = z.record(z.string(), z.string());

/**
 * Makes the sample project in a folder: unpacks each archive of `<mediaDirectory>/sample` into a folder of its name,
 * copies the plans there and has git ignore the runs. What is there already and current is left alone, and so is a
 * plan the user has edited.
 *
 * @returns absolute paths of the plans, sorted
 * @throws ThawError usage (a folder of the user's stands where an archive goes), noSpace, readOnly, notPermitted,
 *   internal (an archive is damaged)
 */
export async function unpackSample(mediaDirectory: string, destination: string): Promise<string[]> {
  const source = join(mediaDirectory, 'sample');
  const target = resolve(destination);
  try {
    await mkdir(target, { recursive: true });
    const names = (await readdir(source)).sort();
    for (const name of names.filter((each) => each.endsWith(ARCHIVE_SUFFIX))) {
      await unpackArchive(join(source, name), join(target, basename(name, ARCHIVE_SUFFIX)));
    }
    const plans = names.filter((each) => each.endsWith(PLAN_SUFFIX));
    await copyPlans(source, target, plans);
    await writeIfMissing(join(target, '.gitignore'), '.thaw/\n');
    return plans.map((name) => join(target, name));
  } catch (error) {
    throw new ThawError(toFileProblem(error, target));
  }
}

/** Unpacks an archive, replacing the folder of an older version as a whole. */
async function unpackArchive(archive: string, folder: string): Promise<void> {
  const bytes = await readFile(archive);
  const hash = sha256(bytes);
  const unpacked = await readIfPresent(join(folder, MARKER));
  if (unpacked === hash) return;
  if (unpacked === undefined && (await exists(folder))) {
    throw new ThawError({ reason: 'sampleFolderTaken', path: folder });
  }
  const files = archiveFiles(archive, bytes);
  await replaceDirectory(folder, async (temporary) => {
    for (const folderName of new Set([...files.keys()].map((path) => dirname(path)))) {
      await mkdir(join(temporary, folderName), { recursive: true });
    }
    const paths = [...files];
    for (let i = 0; i < paths.length; i += PARALLEL_WRITES) {
      const group = paths.slice(i, i + PARALLEL_WRITES);
      await Promise.all(group.map(([path, content]) => writeFile(join(temporary, path), content)));
    }
    await writeFile(join(temporary, MARKER), hash);
  });
}

/** Content of an archive by path with forward slashes. Nothing is returned unless every path stays inside. */
function archiveFiles(archive: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const entries = Object.entries(readArchive(archive, bytes));
  const escaping = entries.find(([path]) => !staysInside(path));
  if (escaping) {
    throw new ThawError({ reason: 'internal', detail: `${archive} holds a file outside of itself: ${escaping[0]}` });
  }
  return new Map(entries.filter(([path]) => !path.endsWith('/')));
}

function readArchive(archive: string, bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ThawError({ reason: 'internal', detail: `${archive} cannot be unpacked: ${detail}` });
  }
}

/** Only plain names below the folder itself: no root, drive, backslash, or step upwards. */
function staysInside(path: string): boolean {
  return !/^\/|[\\:\0]/.test(path) && path.split('/').every((part) => part !== '..' && part !== '.');
}

async function copyPlans(source: string, target: string, names: string[]): Promise<void> {
  const record = join(target, '.thaw', COPIED_PLANS);
  const copied = parseCopiedPlans(await readIfPresent(record));
  const current: Record<string, string> = {};
  for (const name of names) {
    const content = await readFile(join(source, name), 'utf8');
    const present = await readIfPresent(join(target, name));
    const isOurs = present === undefined || sha256(present) === copied[name];
    if (isOurs && present !== content) await writeFileAtomic(join(target, name), content);
    current[name] = isOurs ? sha256(content) : (copied[name] ?? '');
  }
  const text = `${JSON.stringify(current, null, 2)}\n`;
  if (text !== (await readIfPresent(record))) await writeFileAtomic(record, text);
}

/** Anything in `.thaw` may be deleted or damaged by hand: a plan without a record counts as edited. */
function parseCopiedPlans(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  try {
    return copiedPlansSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

async function writeIfMissing(path: string, content: string): Promise<void> {
  if (!(await exists(path))) await writeFileAtomic(path, content);
}

async function readIfPresent(path: string): Promise<string | undefined> {
  return (await exists(path)) ? readFile(path, 'utf8') : undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
