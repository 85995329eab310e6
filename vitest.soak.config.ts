import { defineConfig } from 'vitest/config';

/** What takes long and is run when something of the kind has changed: `npm run test:soak`. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/support/buildOnce.ts'],
    testTimeout: 3 * 3_600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // One at a time: memory is measured.
    fileParallelism: false,
  },
});
