import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What ends up in the extension host, by the package or folder it comes from. */
async function bundledInputs(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/extension.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

describe('the extension host', () => {
  it('holds no TensorFlow, no native code and nothing of the trainer or the command line', async () => {
    const inputs = await bundledInputs();
    expect(inputs).toContain('src/extension/runService.ts');
    const foreign = /@tensorflow|node_modules\/sharp|\.node$|node_modules\/undici|src\/(trainer|cli)\//;
    expect(inputs.filter((path) => foreign.test(path))).toEqual([]);
  });
});
