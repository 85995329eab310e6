import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/trainer/engine/engine.ts';
import { probeStep } from '../../src/trainer/engine/native/probeStep.ts';
import { findNodes } from '../support/nodePrograms.ts';
import { ROOT } from '../support/provision.ts';
import { nativeEngine } from '../support/provisionNative.ts';
import { useEngine } from '../support/trainingFixture.ts';

const PROBE = join(ROOT, 'dist', 'nativeProbe.js');
/** Takes away what Node.js 23 took away. */
const WITHOUT = "const u = require('node:util'); delete u.isNullOrUndefined; delete u.isArray;";

/** Where the processor has instructions for oneDNN, TensorFlow says so as it is loaded, whatever its level of logging. */
function withoutInformation(said: string): string {
  return said.replaceAll(/^(WARNING: All log messages before absl.*|I0000 .*oneDNN.*)\n/gm, '');
}

describe('the probe', () => {
  it('computes a training step right on this engine', async () => {
    await probeStep(await useEngine());
  });

  it('finds an engine out that computes something else', async () => {
    const engine = await useEngine();
    const wrong: Engine = {
      ...engine,
      operations: {
        ...engine.operations,
        convolution: (x, filter, bias, attributes) =>
          engine.operations.convolution(x, filter, bias, { ...attributes, activation: 'linear' }),
      },
    };
    await expect(probeStep(wrong)).rejects.toThrow('came out wrong');
  });

  it.for(findNodes())('runs on Node.js $version', async ({ path }, { skip }) => {
    const { binding } = await nativeEngine(skip);
    const whole = spawnSync(path, [PROBE, binding], { encoding: 'utf8' });
    expect(JSON.parse(whole.stdout)).toMatchObject({ works: true });
    const env = { ...process.env, NODE_OPTIONS: '' };
    const code = `${WITHOUT} process.argv.splice(1, 0, ${JSON.stringify(PROBE)}); import(${JSON.stringify(PROBE)});`;
    const taken = spawnSync(path, ['-e', code, binding], { encoding: 'utf8', env });
    expect([withoutInformation(taken.stderr), JSON.parse(taken.stdout)]).toMatchObject(['', { works: true }]);
  });

  it('says why an addon cannot be loaded', () => {
    expect(existsSync(PROBE)).toBe(true);
    const { status, stderr } = spawnSync(process.execPath, [PROBE, join(ROOT, 'none.node')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('Cannot find module')]);
  });
});
