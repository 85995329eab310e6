/**
 * Writes the workspace that the editor is measured on, in a process of its own, so that TensorFlow.js stays out of the
 * one that measures. Prints the names of its runs as one line of JSON, the last of its output.
 *
 *   node prepare.mjs FOLDER MEDIA_FOLDER WASM_DIRECTORY
 */
import { createPortableEngine } from '../../src/trainer/engine/portable/portableEngine.ts';
import { writeWorkspace } from './workspace.ts';

const [folder, media, wasmDirectory] = process.argv.slice(2);
await createPortableEngine({ wasmDirectory });
console.log(JSON.stringify(await writeWorkspace(folder, media)));
