/**
 * A process to throw away: it starts TensorFlow and trains one step, and prints one line of JSON when that went well.
 * What goes wrong in native code ends this process and no other.
 *
 *   node nativeProbe.js tfjs_binding.node
 */
import { ThawError } from '../shared/errors.ts';
import { createNativeEngine } from './engine/native/nativeEngine.ts';
import { probeStep } from './engine/native/probeStep.ts';

try {
  const engine = await createNativeEngine({ binding: process.argv[2] });
  const started = performance.now();
  await probeStep(engine);
  const detail = `a training step came out right in ${(performance.now() - started).toFixed(0)} ms`;
  console.log(JSON.stringify({ works: true, version: engine.version, detail }));
} catch (error) {
  const isKnown = error instanceof ThawError && error.problem.reason === 'engineUnavailable';
  console.error(isKnown ? error.problem.detail : String(error));
  process.exitCode = 1;
}
