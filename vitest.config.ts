import { defineConfig } from 'vitest/config';

/** Training and child processes take their time on a small machine. */
const SLOW = 120_000;
const QUICK = 20_000;

const suite = (name: string, timeout: number, globalSetup: string[] = []) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeout, hookTimeout: timeout, globalSetup },
});

/** For suites that start the built programs. */
const BUILT = ['test/support/buildOnce.ts'];

export default defineConfig({
  test: {
    projects: [suite('unit', QUICK), suite('trainer', SLOW, BUILT), suite('cli', SLOW, BUILT)],
    pool: 'forks',
    fileParallelism: true,
    maxWorkers: 2,
  },
});
