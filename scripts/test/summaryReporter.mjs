import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A reporter for vitest that writes what the last line of `npm test` is made of to the file named in
 * THAW_TEST_RESULTS: per suite the number of files, their time and the tests, and the reasons of those skipped, which
 * vitest's own JSON leaves out.
 */
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const suites = {};
    for (const module of modules) addModule((suites[module.project.name] ??= emptySuite()), module);
    const file = process.env.THAW_TEST_RESULTS;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ suites, unhandledErrors: unhandledErrors.length }, null, 2)}\n`);
  }
}

function emptySuite() {
  return { files: 0, milliseconds: 0, passed: 0, failed: 0, skipped: [] };
}

function addModule(suite, module) {
  const { duration, setupDuration, collectDuration } = module.diagnostic();
  suite.files += 1;
  suite.milliseconds += duration + setupDuration + collectDuration;
  // A file that cannot be loaded, or a hook around its tests that fails, shows in no test.
  suite.failed += module.errors().length + failedHooks(module);
  for (const test of module.children.allTests()) {
    const { state, note } = test.result();
    if (state === 'passed') suite.passed += 1;
    else if (state === 'skipped') suite.skipped.push({ test: test.fullName, reason: note ?? 'no reason given' });
    else suite.failed += 1;
  }
}

function failedHooks(module) {
  return [...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
}
