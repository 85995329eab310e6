import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ThawError } from '../shared/errors.ts';
import { MOST_FOLDS } from '../shared/foldPooling.ts';
import { newRunPath, RunFolder } from './runFolder.ts';
import { readRunSplit } from './splitFile.ts';

type Place = 'inside' | 'beside';

/**
 * The runs of a cross-validation, one a fold. Together they are called by what their folders have in common: `DIR` is
 * `DIR/fold-1`, `DIR/fold-2`, … in a folder of their own, `.thaw/runs/NAME` is `.thaw/runs/NAME-fold-1`, … among others.
 */
export class CrossValidationRuns {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly place: Place,
  ) {}

  /** Those of a new one among the runs of a plan's workspace. */
  static createName(planPath: string, now: Date): CrossValidationRuns {
    const isTaken = (path: string): boolean => existsSync(path) || existsSync(foldPath(path, 'beside', 1));
    return new CrossValidationRuns(newRunPath(planPath, now, undefined, isTaken), 'beside');
  }

  /** Those of a new one in a folder of its own. Throws `runFolderTaken` where anything else is there. */
  static async inFolder(path: string): Promise<CrossValidationRuns> {
    const isFree = await readdir(path).then(
      (names) => names.length === 0,
      () => !existsSync(path),
    );
    if (!isFree) throw new ThawError({ reason: 'runFolderTaken', path });
    return new CrossValidationRuns(path, 'inside');
  }

  /** Those that are there, be it one fold; null where there is none. */
  static find(path: string): CrossValidationRuns | null {
    const all = [new CrossValidationRuns(path, 'inside'), new CrossValidationRuns(path, 'beside')];
    return all.find((runs) => runs.existing.length > 0) ?? null;
  }

  /** The cross-validation that a run belongs to by its name. */
  static nameOf(run: string): string {
    return run.replace(/([/\\]|-)fold-\d+$/, '');
  }

  /** @param number from 1 on */
  fold(number: number): RunFolder {
    return new RunFolder(foldPath(this.path, this.place, number));
  }

  /** Numbers of the folds that have a run. */
  get existing(): number[] {
    return Array.from({ length: MOST_FOLDS }, (_, index) => index + 1).filter((number) => this.fold(number).exists);
  }

  /**
   * How many folds its runs say it has; null without runs.
   *
   * @throws ThawError `foldMisnamed` for a run that is no fold, or another one than its name says
   */
  async count(): Promise<number | null> {
    let count: number | null = null;
    for (const number of this.existing) {
      const run = this.fold(number);
      const fold = (await readRunSplit(run))?.fold ?? null;
      if (fold?.index !== number - 1 || fold.count !== (count ?? fold.count)) {
        throw new ThawError({ reason: 'foldMisnamed', path: run.path });
      }
      count = fold.count;
    }
    return count;
  }
}

function foldPath(path: string, place: Place, number: number): string {
  const name = `fold-${number}`;
  return place === 'inside' ? join(path, name) : `${path}-${name}`;
}
