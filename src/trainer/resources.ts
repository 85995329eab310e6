import { fileURLToPath } from 'node:url';

/** Files that come with Thaw, found from the built trainer in dist/. */
export const MEDIA_DIRECTORY = fileURLToPath(new URL('../media/', import.meta.url));
/** Folder of the WebAssembly files of TensorFlow.js, with a slash at its end as tfjs wants it. */
export const WASM_DIRECTORY = fileURLToPath(new URL('./', import.meta.url));
/** Entry of the process that proves a freeze. */
export const FREEZE_PROOF_ENTRY = fileURLToPath(new URL('./freezeProof.js', import.meta.url));
/** Entry of the process that tries out the native engine. */
export const NATIVE_PROBE_ENTRY = fileURLToPath(new URL('./nativeProbe.js', import.meta.url));
/** Entry of the process that measures threads. */
export const THREAD_PROBE_ENTRY = fileURLToPath(new URL('./threadProbe.js', import.meta.url));
