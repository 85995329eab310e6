/**
 * A process to throw away: it starts the portable engine with some number of threads, measures a small piece of work and
 * prints one line of JSON. A crash or a hang ends this process and no other.
 *
 *   node threadProbe.js THREADS
 */
import { createPortableEngine } from './engine/portable/portableEngine.ts';
import { measureBlock } from './engine/portable/threadBenchmark.ts';
import { WASM_DIRECTORY } from './resources.ts';

const threads = Number(process.argv[2]);
const engine = await createPortableEngine({ wasmDirectory: WASM_DIRECTORY, threads });
const milliseconds = await measureBlock(engine);
console.log(JSON.stringify({ threads: engine.threads, milliseconds }));
