import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { create } from 'tar';
import { installEngine, type InstallOptions } from '../../src/node/nativeEngine/installEngine.ts';
import type { InstallProgress } from '../../src/node/nativeEngine/installRoute.ts';
import { Random } from '../../src/shared/random.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** What tests put in the place of the native parts of an engine: nothing of it can be loaded. */

const encoder = new TextEncoder();

/** Bytes that do not get fewer when they are packed. */
export const LIBRARY_BYTES = noise(100_000);

function noise(length: number): Uint8Array {
  const random = Random.seeded(1, 'library');
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Files of an archive by their path; a text that starts with `->` is a link. */
export type Tree = Record<string, string | Uint8Array>;

export const LIBRARY_TREE: Tree = {
  'lib/libtensorflow.so': '->libtensorflow.so.2',
  'lib/libtensorflow.so.2': '->libtensorflow.so.2.9.1',
  'lib/libtensorflow.so.2.9.1': LIBRARY_BYTES,
  'lib/libtensorflow_framework.so.2': 'framework',
  'include/tensorflow/c/c_api.h': '// c_api',
  LICENSE: 'licence',
};
export const BINDING_TREE: Tree = { 'napi-v8/tfjs_binding.node': 'binding' };

/** Writes files and links into a folder. */
export async function writeTree(folder: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (typeof content === 'string' && content.startsWith('->')) await symlink(content.slice(2), target);
    else await writeFile(target, content);
  }
}

/** A tar.gz as the official server has them, with `./` before every path. */
export async function tarball(tree: Tree): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-tar-'));
  try {
    await writeTree(join(folder, 'tree'), tree);
    await create({ gzip: true, cwd: join(folder, 'tree'), file: join(folder, 'it.tar.gz') }, ['./']);
    return await readFile(join(folder, 'it.tar.gz'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const WHEEL_TREE = {
  'tensorflow/libtensorflow_cc.so.2': LIBRARY_BYTES,
  'tensorflow/libtensorflow_framework.so.2': encoder.encode('framework'),
  'tensorflow/include/tensorflow/c/c_api.h': encoder.encode('#include "tensorflow/c/tf_status.h"\n'),
  'tensorflow/include/tensorflow/c/tf_status.h': encoder.encode('// status'),
  'tensorflow/include/tensorflow/c/unused.h': encoder.encode('// unused'),
};

/** A Python package. `recorded` are the contents that its RECORD is made of, where they are others than those it has. */
export function wheel(tree: Record<string, Uint8Array>, recorded: Record<string, Uint8Array> = tree): Uint8Array {
  const lines = Object.entries(recorded).map(
    ([path, bytes]) => `${path},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}`,
  );
  const record = encoder.encode(`${lines.join('\n')}\ntensorflow_cpu-2.21.0.dist-info/RECORD,,\n`);
  return zipSync({ ...tree, 'tensorflow_cpu-2.21.0.dist-info/RECORD': record });
}

/** A probe that says that the engine works. */
export const WORKING_PROBE = `console.log(JSON.stringify({ works: true, version: 'fake', detail: process.argv[2] }));`;

/** Writes a program for Node.js into a new folder. */
export async function program(source: string): Promise<string> {
  const path = join(await temporaryFolder(), 'program.cjs');
  await writeFile(path, source);
  return path;
}

/** A folder for PATH with shell scripts by their names. */
export async function scripts(programs: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, source] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${source}\n`);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

/** Stands in for a compiler: writes its arguments into the file that the last of them names. */
const COMPILER = `require('node:fs').writeFileSync(process.argv.at(-1), 'compiled ' + process.argv.slice(2).join(' '));`;

/** Sources of a binding that includes one header of TensorFlow. */
async function bindingSources(): Promise<string> {
  const folder = await temporaryFolder();
  await writeTree(folder, { 'binding/one.cc': '#include "tensorflow/c/c_api.h"\n', 'node-api/node_api.h': '' });
  return folder;
}

export interface Installation {
  directory: string;
  progress: InstallProgress[];
  controller: AbortController;
  /** Runs `installEngine`; what is not said is as in a machine with a compiler, and without Python and network. */
  install: (changes?: Partial<InstallOptions>) => ReturnType<typeof installEngine>;
}

/** An installer that can do no more than a test lets it. */
export async function installation(environment: NodeJS.ProcessEnv = {}): Promise<Installation> {
  const directory = await temporaryFolder();
  const probeEntry = await program(WORKING_PROBE);
  const sources = await bindingSources();
  const compiler = `${process.execPath} ${await program(COMPILER)}`;
  const controller = new AbortController();
  const progress: InstallProgress[] = [];
  const install: Installation['install'] = (changes = {}) =>
    installEngine({
      ...{ source: 'archive', directory, probeEntry, sources, signal: controller.signal },
      onProgress: (each) => void progress.push(each),
      environment: { PATH: '', CXX: compiler, ...environment },
      ...changes,
    });
  return { directory, progress, controller, install };
}
