/**
 * One stage of the benchmark in a process of its own, so that its peak memory is its own. Prints the result as one line
 * of JSON, the last of its output.
 *
 *   node main.mjs prepare FOLDER ENGINE
 *   node main.mjs STAGE FOLDER ENGINE REPETITIONS [profile]
 *
 * ENGINE is the folder of the WebAssembly files of TensorFlow.js, or the native addon `tfjs_binding.node`. With
 * THAW_THREADS above 1 it is a folder that Thaw was built into.
 */
import { createNativeEngine } from '../src/trainer/engine/native/nativeEngine.ts';
import { createPortableEngine } from '../src/trainer/engine/portable/portableEngine.ts';
import { writeBenchmarkTensors } from './benchmarkNetwork.ts';
import { type Stage, STAGES } from './measurement.ts';
import { measureStage } from './stages.ts';

const [stage, folder, files, repetitions, profile] = process.argv.slice(2);
const engine = files.endsWith('.node')
  ? await createNativeEngine({ binding: files })
  : await createPortableEngine({ wasmDirectory: files, threads: Number(process.env.THAW_THREADS ?? 1) });
if (stage === 'prepare') {
  await writeBenchmarkTensors(folder);
  console.log('{}');
} else {
  if (!STAGES.includes(stage as Stage)) throw new Error(`There is no stage "${stage}".`);
  const result = await measureStage(engine, stage as Stage, folder, Number(repetitions), profile === 'profile');
  console.log(JSON.stringify(result));
}
