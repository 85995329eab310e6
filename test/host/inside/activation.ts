import assert from 'node:assert/strict';
import { EXTENSION_ID, type HostCases } from './hostCase.ts';

interface Manifest {
  contributes: { commands: { command: string }[] };
}

export const activationCases: HostCases = {
  'is not active before anything of it is used, and activates': async (vscode) => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, 'VS Code does not know the extension');
    assert.equal(extension.isActive, false, 'it is active before anything of it is used');
    await extension.activate();
    assert.equal(extension.isActive, true);
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
