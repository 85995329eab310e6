import { readFile, stat } from 'node:fs/promises';
import { cpus, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { writeFileAtomic } from '../atomicFile.ts';

/** Version of the package whose JavaScript Thaw carries and whose binding is installed. */
export const TFJS_NODE_VERSION = '4.22.0';

/** Where the binding looks for the libraries of TensorFlow, and they lie in an installed engine. */
export const BINDING_PATH = 'lib/napi-v8/tfjs_binding.node';
export const LIBRARY_FOLDER = 'deps/lib';

const ROUTES = ['archive', 'wheel', 'folder'] as const;

/** The native parts of the engine: a binding for Node.js and the libraries of TensorFlow it is linked to. */
export interface InstalledEngine {
  folder: string;
  /** Absolute path of `tfjs_binding.node`. */
  binding: string;
  /** How it was installed. */
  route: (typeof ROUTES)[number];
  /** Version of TensorFlow, such as `2.21.0`. */
  tensorflow: string;
  tfjsNode: typeof TFJS_NODE_VERSION;
}

/** What a probe process found out about an engine on this machine. */
export interface Proof {
  works: boolean;
  /** Why not, or what was computed. */
  detail: string;
  /** What the engine says its version is; empty when it does not work. */
  version: string;
}

/** engine.json: which folder beside it is the engine, and the sizes of its files. */
const recordSchema = z.object({
  format: z.literal(1),
  folder: z.string().regex(/^[\w.-]+$/),
  route: z.enum(ROUTES),
  tensorflow: z.string(),
  tfjsNode: z.literal(TFJS_NODE_VERSION),
  files: z.record(z.string(), z.number()),
});

export type EngineRecord = z.output<typeof recordSchema>;

const proofsSchema = z.record(z.string(), z.object({ works: z.boolean(), detail: z.string(), version: z.string() }));

/**
 * Folder that holds the native engine: THAW_ENGINE_DIR, else the user's data folder of the system.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function engineDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (environment.THAW_ENGINE_DIR) return resolve(environment.THAW_ENGINE_DIR);
  if (platform === 'win32') return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'thaw', 'engine');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'thaw', 'engine');
  return join(environment.XDG_DATA_HOME || join(home, '.local', 'share'), 'thaw', 'engine');
}

/**
 * The engine that is installed, or null where none is: engine.json is written last and a file of another size than it
 * names counts as missing, so that a half-installed engine is never used. Loads nothing.
 */
export async function readInstalledEngine(directory = engineDirectory()): Promise<InstalledEngine | null> {
  const record = await readRecord(directory);
  if (!record || record.files[BINDING_PATH] === undefined) return null;
  const folder = join(directory, record.folder);
  for (const [path, bytes] of Object.entries(record.files)) {
    const info = await stat(join(folder, path)).catch(() => null);
    if (info?.size !== bytes) return null;
  }
  const { route, tensorflow, tfjsNode } = record;
  return { folder, binding: join(folder, BINDING_PATH), route, tensorflow, tfjsNode };
}

/** What engine.json says, whether or not the files are there. */
export async function readRecord(directory: string): Promise<EngineRecord | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(recordPath(directory), 'utf8')));
  } catch {
    return null;
  }
}

/** Makes a folder in `directory` the installed engine. Throws as `writeFileAtomic`. */
export async function writeRecord(directory: string, record: EngineRecord): Promise<void> {
  await writeFileAtomic(recordPath(directory), `${JSON.stringify(record, null, 2)}\n`);
}

/** Path of engine.json, whose absence means that nothing is installed. */
export function recordPath(directory: string): string {
  return join(directory, 'engine.json');
}

/** What was found out about this engine on this machine with this Node.js; null when that is not known. */
export async function readProof(engine: InstalledEngine): Promise<Proof | null> {
  return (await readProofs(engine))[await proofKey(engine)] ?? null;
}

/** Remembers what was found out. Throws as `writeFileAtomic`. */
export async function writeProof(engine: InstalledEngine, proof: Proof): Promise<void> {
  const proofs = { ...(await readProofs(engine)), [await proofKey(engine)]: proof };
  await writeFileAtomic(proofsPath(engine), `${JSON.stringify(proofs, null, 2)}\n`);
}

async function readProofs(engine: InstalledEngine): Promise<Record<string, Proof>> {
  try {
    return proofsSchema.parse(JSON.parse(await readFile(proofsPath(engine), 'utf8')));
  } catch {
    return {};
  }
}

const proofsPath = (engine: InstalledEngine): string => join(engine.folder, 'proofs.json');

/** An engine may work with one Node.js or processor and not with another: home folders move between machines. */
async function proofKey(engine: InstalledEngine): Promise<string> {
  const { size, mtimeMs } = await stat(engine.binding).catch(() => ({ size: 0, mtimeMs: 0 }));
  const processor = cpus()[0]?.model.trim() ?? '';
  return [process.version, process.platform, process.arch, processor, size, Math.round(mtimeMs)].join(' ');
}
