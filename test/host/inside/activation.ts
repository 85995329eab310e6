import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { EXTENSION_ID, type HostCases } from './hostCase.ts';
import { threadMilliseconds } from './threadTime.ts';

const LIMIT_MS = 100;

interface Manifest {
  contributes: { commands: { command: string }[] };
}

export const activationCases: HostCases = {
  'activates in under 100 ms': async (vscode) => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, 'VS Code does not know the extension');
    assert.equal(extension.isActive, false, 'it is active before anything of it is used');
    const { loading, activating } = await timeActivation(extension);
    const text = `loading took ${loading.toFixed(0)} ms and activate() ${activating.toFixed(0)} ms`;
    console.log(`Activation: ${text}`);
    assert.ok(loading > 0 && activating > 0, text);
    assert.ok(loading + activating < LIMIT_MS, text);
  },

  'loads neither TensorFlow.js nor native code': async () => {
    const report = process.report.getReport() as unknown as { sharedObjects: string[] };
    const loaded = [...report.sharedObjects, ...Object.keys(require.cache)];
    assert.deepEqual(
      loaded.filter((path) => /tensorflow|tfjs|sharp|libvips/i.test(path)),
      [],
    );
  },

  'registers every command that package.json names': async (vscode) => {
    const manifest = vscode.extensions.getExtension(EXTENSION_ID)?.packageJSON as Manifest;
    const known = new Set(await vscode.commands.getCommands(true));
    const names = manifest.contributes.commands.map(({ command }) => command);
    assert.ok(names.length > 0);
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
    );
  },
};

interface Loader {
  _load: (this: unknown, request: string, ...rest: unknown[]) => unknown;
}

/**
 * Processor time of loading the extension's code and of its `activate`: the two that VS Code shows as its start-up cost.
 * The rest of a start is VS Code's own, in the same thread.
 */
async function timeActivation(
  extension: import('vscode').Extension<unknown>,
): Promise<{ loading: number; activating: number }> {
  const loader = createRequire(__filename)('node:module') as Loader;
  const original = loader._load;
  const times = { loading: 0, activating: 0 };
  loader._load = function (request, ...rest) {
    if (!request.endsWith('extension.cjs')) return original.call(this, request, ...rest);
    const started = threadMilliseconds();
    const code = original.call(this, request, ...rest) as { activate: (context: unknown) => unknown };
    times.loading = threadMilliseconds() - started;
    const activate = (context: unknown): unknown => {
      const called = threadMilliseconds();
      const result = code.activate(context);
      times.activating = threadMilliseconds() - called;
      return result;
    };
    return { ...code, activate };
  };
  try {
    await extension.activate();
  } finally {
    loader._load = original;
  }
  return times;
}
