import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Training and child processes take their time on a small machine. */
const SLOW = 120_000;
const QUICK = 20_000;
/** A whole VS Code starts in each of these. */
const EDITOR_TIMEOUT = 240_000;

/** For suites that start the built programs. */
const BUILT = ['test/support/buildOnce.ts'];
/** For suites that train on the native engine too. */
const NATIVE = [...BUILT, 'test/support/provisionNative.ts'];
/** For the suite that runs the extension as it is packed. */
const PACKED = [...BUILT, 'test/support/vsix.ts'];
/** For suites that need a browser or VS Code. */
const EDITOR = [...BUILT, 'test/support/provision.ts'];

/** What trains, and so has to do the same on either engine, and what only the native one has. */
const ON_BOTH_ENGINES = [
  ...['augmentation', 'batchLoss', 'checkpoint', 'foldedGradients', 'foldRun', 'freezing', 'gradientSum'],
  ...['inceptionV3', 'liveChange', 'schedules', 'training', 'trainingData', 'batchNormDistance'],
  ...['execution/*', 'model/*', 'optimizers/*', 'engine/operations'],
]
  .map((name) => `test/trainer/${name}.test.ts`)
  .concat('test/trainerNative/*.test.ts');
const NATIVE_ENGINE = { THAW_TEST_ENGINE: 'native' };

interface SuiteOptions {
  timeout: number;
  globalSetup?: string[];
  /** Runs when everything else is over, one file at a time: a VS Code and a training fill a small machine. */
  alone?: boolean;
  /** Files; default: all in the folder of the suite. */
  include?: string[];
  env?: Record<string, string>;
}

const suite = (
  name: string,
  { timeout, globalSetup = [], alone = false, include = [`test/${name}/**/*.test.ts`], env }: SuiteOptions,
) => ({
  extends: true as const,
  // Tests inside the extension host are read here for their names only.
  resolve: { alias: { vscode: fileURLToPath(new URL('test/support/noVscode.ts', import.meta.url)) } },
  test: {
    name,
    include,
    env,
    testTimeout: timeout,
    hookTimeout: timeout,
    globalSetup,
    // What a person would wait for; the default is a second.
    ...(alone ? { expect: { poll: { timeout: 30_000 } } } : {}),
    setupFiles: ['test/support/ownCache.ts'],
    maxWorkers: alone ? 1 : 2,
    sequence: { groupOrder: alone ? 1 : 0 },
  },
});

export default defineConfig({
  test: {
    projects: [
      suite('unit', { timeout: QUICK }),
      suite('trainer', { timeout: SLOW, globalSetup: NATIVE }),
      suite('trainerNative', { timeout: SLOW, globalSetup: NATIVE, include: ON_BOTH_ENGINES, env: NATIVE_ENGINE }),
      suite('cli', { timeout: SLOW, globalSetup: NATIVE }),
      suite('package', { timeout: SLOW, globalSetup: PACKED }),
      suite('webview', { timeout: SLOW, globalSetup: [...BUILT, 'test/support/provisionBrowser.ts'] }),
      suite('host', { timeout: EDITOR_TIMEOUT, globalSetup: EDITOR, alone: true }),
      suite('e2e', {
        timeout: EDITOR_TIMEOUT,
        globalSetup: [...EDITOR, 'test/support/provisionNative.ts'],
        alone: true,
      }),
    ],
    pool: 'forks',
    fileParallelism: true,
    // No test depends on what is installed on the machine, nor on how quick it is: those of the native engine say where
    // that is, and those of threads how many.
    env: { THAW_ENGINE_DIR: fileURLToPath(new URL('build/no-engine', import.meta.url)), THAW_THREADS: '1' },
  },
});
