import assert from 'node:assert/strict';
import { EXTENSION_ID, type HostCases } from './hostCase.ts';

const LIMIT_MS = 100;

interface Manifest {
  contributes: { commands: { command: string }[] };
}

export const activationCases: HostCases = {
  'activates in under 100 ms': async (vscode) => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, 'VS Code does not know the extension');
    assert.equal(extension.isActive, false, 'it is active before anything of it is used');
    const started = performance.now();
    await extension.activate();
    const milliseconds = performance.now() - started;
    assert.ok(milliseconds < LIMIT_MS, `it took ${milliseconds.toFixed(0)} ms`);
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
