import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { ThawError } from '../shared/errors.ts';
import type { Plan } from '../shared/plan.ts';
import type { TrainResult } from '../shared/results.ts';
import {
  errorCode,
  makeFolders,
  removeEmptyFolders,
  restoreDirectory,
  toFileProblem,
  writeFileAtomic,
} from './atomicFile.ts';
import { isAlive } from './processAlive.ts';

/** Folder of a workspace that holds the runs; it keeps itself out of git. */
const THAW_FOLDER = '.thaw';

/** Names that `writeFileAtomic` and `replaceDirectory` give to what is not complete, or no longer needed. */
const LEFTOVER = /\.(tmp-\d+-\d+|old-\d+)$/;

export type RunState = 'running' | 'finished' | 'earlyStopped' | 'interrupted' | 'failed';

/** `status.json` of a run. */
export interface RunStatus {
  state: RunState;
  processId: number;
  startedAt: string;
  updatedAt: string;
  /** One line in words, where the run failed. */
  problem?: string;
}

/** One entry of `thaw runs`. */
export interface RunSummary {
  run: string;
  name: string;
  plan: string | null;
  state: RunState;
  startedAt: string | null;
  epochs: number;
  best: TrainResult['best'];
  engine: string | null;
}

/** The files of one run. */
export class RunFolder {
  /** Folders that `create` made, outermost first; null for a run that was there before. */
  private made: string[] | null = null;

  constructor(readonly path: string) {}

  get planPath(): string {
    return join(this.path, 'plan.json');
  }
  get environmentPath(): string {
    return join(this.path, 'environment.json');
  }
  get statusPath(): string {
    return join(this.path, 'status.json');
  }
  get metricsPath(): string {
    return join(this.path, 'metrics.jsonl');
  }
  get reportPath(): string {
    return join(this.path, 'report.json');
  }
  /** The images that the run trains on and those it is validated with. */
  get splitPath(): string {
    return join(this.path, 'split.json');
  }
  get checkpointPath(): string {
    return join(this.path, 'checkpoint');
  }
  /** The checkpoint before, for the case that the newest turns out to be damaged. */
  get previousCheckpointPath(): string {
    return join(this.path, 'checkpoint.previous');
  }
  get modelPath(): string {
    return join(this.path, 'model');
  }

  get exists(): boolean {
    return existsSync(this.planPath) || existsSync(this.statusPath);
  }

  get hasCheckpoint(): boolean {
    return [this.checkpointPath, this.previousCheckpointPath].some((folder) => existsSync(join(folder, 'state.json')));
  }

  /**
   * Makes the folder, with an empty plan in it: of several programs that want the same folder at once, one gets it. Throws
   * `runExists` where a run (or anything else) is there already, `readOnly`, `noSpace`, …
   */
  async create(): Promise<void> {
    if (await isTaken(this.path)) throw new ThawError({ reason: 'runExists', path: this.path });
    try {
      this.made = await makeFolders(this.path);
      await writeFile(this.planPath, '', { flag: 'wx' });
    } catch (error) {
      const lost = errorCode(error) === 'EEXIST';
      if (lost) this.made = null;
      throw new ThawError(lost ? { reason: 'runExists', path: this.path } : toFileProblem(error, this.path));
    }
  }

  /** Whether this object made the folder. */
  get isNew(): boolean {
    return this.made !== null;
  }

  /** Undoes `create`, whatever has been written since; a run that was there before stays. */
  async discard(): Promise<void> {
    if (!this.made) return;
    const names = await readdir(this.path).catch(() => []);
    for (const name of names) await rm(join(this.path, name), { recursive: true, force: true });
    await removeEmptyFolders(this.made);
  }

  /** Takes away what a killed trainer left half-written, once the folders it had set aside are back in place. */
  async removeLeftovers(): Promise<void> {
    for (const folder of [this.checkpointPath, this.modelPath]) await restoreDirectory(folder);
    for (const name of await readdir(this.path)) {
      if (LEFTOVER.test(name)) await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  async readPlan(): Promise<Plan> {
    return (await this.readJson(this.planPath)) as Plan;
  }

  async readReport(): Promise<TrainResult | null> {
    return existsSync(this.reportPath) ? ((await this.readJson(this.reportPath)) as TrainResult) : null;
  }

  /** The report of a run that came to its end; null for any other. */
  async finishedReport(): Promise<TrainResult | null> {
    const status = await this.readStatus();
    return status?.state === 'finished' || status?.state === 'earlyStopped' ? this.readReport() : null;
  }

  async readStatus(): Promise<RunStatus | null> {
    return existsSync(this.statusPath) ? ((await this.readJson(this.statusPath)) as RunStatus) : null;
  }

  async writeStatus(state: RunState, problem?: string): Promise<void> {
    const now = new Date().toISOString();
    const before = await this.readStatus().catch(() => null);
    const status: RunStatus = {
      state,
      processId: process.pid,
      startedAt: before?.startedAt ?? now,
      updatedAt: now,
      ...(problem === undefined ? {} : { problem }),
    };
    await writeFileAtomic(this.statusPath, JSON.stringify(status, null, 2));
  }

  /** Adds lines to the metrics file. Throws `noSpace` and the like. */
  appendMetrics(lines: readonly object[]): void {
    if (lines.length === 0) return;
    try {
      appendFileSync(this.metricsPath, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } catch (error) {
      throw new ThawError(toFileProblem(error, this.metricsPath));
    }
  }

  /** Drops the lines that `keep` refuses and a last line that was cut off, as a resumed run must. */
  filterMetrics(keep: (line: Record<string, unknown>) => boolean): void {
    if (!existsSync(this.metricsPath)) return;
    const kept = readFileSync(this.metricsPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && keepLine(line, keep));
    try {
      writeFileSync(this.metricsPath, kept.map((line) => `${line}\n`).join(''));
    } catch (error) {
      throw new ThawError(toFileProblem(error, this.metricsPath));
    }
  }

  private async readJson(path: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      throw new ThawError({
        reason: 'runDamaged',
        path,
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

/** Whether a path is anything but free or an empty folder. */
async function isTaken(path: string): Promise<boolean> {
  return readdir(path).then(
    (names) => names.length > 0,
    (error: unknown) => errorCode(error) === 'ENOTDIR',
  );
}

function keepLine(line: string, keep: (line: Record<string, unknown>) => boolean): boolean {
  try {
    return keep(JSON.parse(line) as Record<string, unknown>);
  } catch {
    return false;
  }
}

/** The workspace of a plan: the nearest folder above it that holds `.thaw`, else its own folder. */
export function workspaceOf(planPath: string): string {
  const own = dirname(resolve(planPath));
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, THAW_FOLDER))) return folder;
    if (dirname(folder) === folder) return own;
  }
}

/** Folder of the runs of a workspace. */
export function runsFolder(workspace: string): string {
  return join(workspace, THAW_FOLDER, 'runs');
}

/** Makes `.thaw` with a `.gitignore` that keeps its content out of git. */
export async function ensureThawFolder(workspace: string): Promise<void> {
  const ignore = join(workspace, THAW_FOLDER, '.gitignore');
  if (!existsSync(ignore)) await writeFileAtomic(ignore, '*\n');
}

export function hasThawFolder(workspace: string): boolean {
  return existsSync(join(workspace, THAW_FOLDER));
}

/** Takes away a `.thaw` that holds nothing but what `ensureThawFolder` wrote. */
export async function removeUnusedThawFolder(workspace: string): Promise<void> {
  const folder = join(workspace, THAW_FOLDER);
  const names = await readdir(folder).catch(() => []);
  if (names.some((name) => name !== '.gitignore')) return;
  await rm(folder, { recursive: true, force: true });
}

/**
 * A new folder name for a run of a plan in a workspace: the name of the plan, the local date and time, and a number where
 * that is taken.
 */
export function newRunPath(
  planPath: string,
  now: Date,
  workspace = workspaceOf(planPath),
  isTaken: (path: string) => boolean = existsSync,
): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const name = `${basename(planPath).replace(/(\.finetune)?\.json$/i, '')}-${date}-${time}`;
  const folder = runsFolder(workspace);
  for (let count = 1; ; count++) {
    const path = join(folder, count === 1 ? name : `${name}-${count}`);
    if (!isTaken(path)) return path;
  }
}

/** A run given as a folder, or as its name under the workspace's runs. Throws `runMissing`. */
export function findRun(reference: string, directory: string, workspace: string): RunFolder {
  const candidates = [
    isAbsolute(reference) ? reference : resolve(directory, reference),
    join(runsFolder(workspace), reference),
  ];
  for (const path of candidates) {
    const run = new RunFolder(path);
    if (run.exists) return run;
  }
  throw new ThawError({ reason: 'runMissing', path: candidates[0] });
}

/** Runs of a folder (a workspace, or the folder of the runs itself), newest first. Damaged ones are listed as failed. */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  const runs = existsSync(runsFolder(folder)) ? runsFolder(folder) : folder;
  const names = await readdir(runs).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw new ThawError(toFileProblem(error, runs));
  });
  const found = names.map((name) => new RunFolder(join(runs, name))).filter((run) => run.exists);
  const summaries: RunSummary[] = [];
  // One after the other, so that the event loop of an editor turns in between: their metrics files may be long.
  for (const run of found) summaries.push(await summarizeRun(run));
  return summaries.sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? '') || a.name.localeCompare(b.name));
}

async function summarizeRun(run: RunFolder): Promise<RunSummary> {
  const status = await run.readStatus().catch(() => null);
  const report = await run.readReport().catch(() => null);
  const epochs = await readEpochs(run);
  const environment = await readFile(run.environmentPath, 'utf8')
    .then((text) => JSON.parse(text) as { plan?: string; engine?: string })
    .catch(() => ({ plan: undefined, engine: undefined }));
  const best = report?.best ?? epochs.reduce<TrainResult['best']>(betterEpoch, null);
  return {
    run: run.path,
    name: basename(run.path),
    plan: environment.plan ?? null,
    state: status ? currentState(status) : 'failed',
    startedAt: status?.startedAt ?? null,
    epochs: epochs.length,
    best,
    engine: environment.engine ?? null,
  };
}

type EpochLine = NonNullable<TrainResult['best']> & { event: string };

const EPOCH_EVENT = '"event":"epoch"';

/** Most lines are steps: only those that look like an epoch are cut out and parsed, since an editor lists runs while it draws. */
async function readEpochs(run: RunFolder): Promise<EpochLine[]> {
  const text = await readFile(run.metricsPath, 'utf8').catch(() => '');
  const lines: string[] = [];
  for (let at = text.indexOf(EPOCH_EVENT); at >= 0; at = text.indexOf(EPOCH_EVENT, at)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end;
    lines.push(text.slice(start, at));
  }
  return lines.flatMap((line) => {
    try {
      const parsed = JSON.parse(line) as EpochLine;
      return parsed.event === 'epoch' ? [parsed] : [];
    } catch {
      return [];
    }
  });
}

function betterEpoch(best: TrainResult['best'], line: EpochLine): TrainResult['best'] {
  if (best && best.validationLoss <= line.validationLoss) return best;
  const { epoch, validationLoss, validationAccuracy, n, low, high } = line;
  return { epoch, validationLoss, validationAccuracy, n, low, high };
}

/** A run whose process is gone was interrupted, whatever it wrote last. */
export function currentState(status: RunStatus): RunState {
  return status.state === 'running' && !isAlive(status.processId) ? 'interrupted' : status.state;
}

/** Throws `noSpace` where the disk of an existing folder has less than `neededBytes` free. */
export async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const space = await statfs(folder).catch(() => null);
  if (!space) return;
  const freeBytes = space.bavail * space.bsize;
  if (freeBytes < neededBytes) throw new ThawError({ reason: 'noSpace', path: folder, neededBytes, freeBytes });
}
