import util from 'node:util';

/** What @tensorflow/tfjs-node still calls of `node:util`, and Node.js 23 took away. */
interface RemovedFunctions {
  isNullOrUndefined?: (value: unknown) => boolean;
  isArray?: (value: unknown) => boolean;
}

/** Gives back the functions of `node:util` that @tensorflow/tfjs-node 4.22 calls, where Node.js no longer has them. */
export function restoreRemovedNodeFunctions(): void {
  const functions = util as unknown as RemovedFunctions;
  functions.isNullOrUndefined ??= (value) => value === null || value === undefined;
  functions.isArray ??= (value) => Array.isArray(value);
}
