import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';

export type PlanPath = readonly (string | number)[];

/** Line (1-based) of something in a plan file, by its path. */
export type LocateInPlan = (path: PlanPath) => number;

/** Turns offsets into 1-based lines; LF, CR LF and CR all end a line, as in VS Code. */
export function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/**
 * Parses once and answers many paths: a plain value has the line it stands on, an object or a list that of its key (the
 * usual place of its opening bracket too). A path that does not exist has the line of its nearest existing parent.
 */
export function planLocator(text: string): LocateInPlan {
  const lineOf = lineCounter(text);
  const root = parseTree(text);
  return (path) => {
    for (let length = path.length; root && length > 0; length--) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (node) return lineOf(node.children ? keyOffset(node) : node.offset);
    }
    return root ? lineOf(root.offset) : 1;
  };
}

/** As `planLocator`, for one path. */
export function locatePath(text: string, path: PlanPath): number {
  return planLocator(text)(path);
}

/** Line of the key itself, where the fault is the key and not what it holds. */
export function locateKey(text: string, path: PlanPath): number {
  const root = parseTree(text);
  const node = root && findNodeAtLocation(root, [...path]);
  return node ? lineCounter(text)(keyOffset(node)) : locatePath(text, path);
}

function keyOffset(node: Node): number {
  return node.parent?.type === 'property' ? node.parent.offset : node.offset;
}
