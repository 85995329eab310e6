import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFiles } from './modelFiles.ts';

/** The files of a model. */
export function modelPaths({ modelJsonPath, directory, shards }: ModelFiles): string[] {
  return [modelJsonPath, ...shards.map((shard) => join(directory, shard))];
}

/** Path, size and time of change of files; those that are gone have none. */
export async function identitiesOf(paths: readonly string[]): Promise<(string | number)[][]> {
  return Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size, mtimeMs }) => [path, size, mtimeMs],
        () => [path],
      ),
    ),
  );
}
