import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import type { FileProblem } from '../shared/dataSummary.ts';
import { describeFileError, hasImageName, readEntries } from './dataEntries.ts';

/** What was found below the folder of one class. */
export interface ClassFolder {
  /** Absolute paths as reached from the data folder, links not resolved. */
  images: string[];
  problems: FileProblem[];
  /**
   * False for a folder that holds other things only, such as notes, or that is a link in a circle. An empty folder and
   * one whose images cannot be read are classes: leaving them out in silence would train the wrong network.
   */
  isClass: boolean;
}

interface Walk extends ClassFolder {
  /** Real paths of the folders read so far, with the path each was reached by. */
  visited: Map<string, string>;
}

/**
 * Lists the images of a class in its folder and all folders below. Links are followed; one that leads back to a folder
 * above it, or to one read already, becomes a problem.
 *
 * @param realParent real path of the folder that holds the class folder
 */
export async function readClassFolder(folder: string, realParent: string): Promise<ClassFolder> {
  const walk: Walk = { images: [], problems: [], isClass: false, visited: new Map() };
  await enter(folder, realParent, walk);
  if (walk.images.length === 0 && walk.problems.length === 0) {
    walk.isClass = true;
    walk.problems.push({ file: folder, problem: 'the folder of this class holds no images' });
  }
  const { images, problems, isClass } = walk;
  return { images, problems, isClass };
}

async function enter(folder: string, realParent: string, walk: Walk): Promise<void> {
  const refuse = (problem: string): number => walk.problems.push({ file: folder, problem });
  try {
    const real = await realpath(folder);
    const earlier = walk.visited.get(real);
    if (holds(real, realParent)) return void refuse('the link leads back to a folder that holds it');
    if (earlier !== undefined) return void refuse(`the same folder as ${earlier}`);
    walk.visited.set(real, folder);
    for (const entry of await readEntries(folder)) {
      if (hasImageName(entry.path)) walk.isClass = true;
      if (entry.kind === 'image') walk.images.push(entry.path);
      else if (entry.kind === 'folder') await enter(entry.path, real, walk);
      else walk.problems.push({ file: entry.path, problem: entry.problem });
    }
  } catch (error) {
    walk.isClass = true;
    refuse(describeFileError(error));
  }
}

/** Whether `inner` is `outer` or lies below it; both are real paths. */
function holds(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
