import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BINDING_PATH, readInstalledEngine } from '../../../src/node/nativeEngine/installedEngine.ts';
import { installation, LIBRARY_BYTES, type Tree, writeTree } from '../../support/engineFiles.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

async function folderWith(tree: Tree): Promise<string> {
  const folder = await temporaryFolder();
  await writeTree(folder, tree);
  return folder;
}

const LIBRARIES: Tree = {
  'libtensorflow.so.2': '->libtensorflow.so.2.9.1',
  'libtensorflow.so.2.9.1': LIBRARY_BYTES,
  'libtensorflow_framework.so.2': 'framework',
};

/** Puts a tree below a folder. */
function below(folder: string, tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, content]) => [`${folder}/${path}`, content]));
}

const TFJS_NODE: Tree = {
  'package.json': '{ "version": "4.22.0" }',
  [BINDING_PATH]: 'binding',
  ...below('deps/lib', LIBRARIES),
};
const LIBTENSORFLOW: Tree = { ...below('lib', LIBRARIES), 'include/tensorflow/c/c_api.h': '' };
const PYTHON: Tree = {
  'libtensorflow_cc.so.2': 'cc',
  'libtensorflow_framework.so.2': 'framework',
  'include/tensorflow/c/c_api.h': '',
  'include/tensorflow/core/public/release_version.h':
    '#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 20\n#define TF_PATCH_VERSION 1\n',
};

describe.runIf(process.platform === 'linux')('installEngine from a folder', () => {
  it.for<[string, Tree, { binding: RegExp; tensorflow: string }]>([
    ['an installed tfjs-node', TFJS_NODE, { binding: /^binding$/, tensorflow: '2.9.1' }],
    [
      'a project that has it',
      below('node_modules/@tensorflow/tfjs-node', TFJS_NODE),
      { binding: /^binding$/, tensorflow: '2.9.1' },
    ],
    ['a libtensorflow', LIBTENSORFLOW, { binding: /^compiled .*-l:libtensorflow\.so\.2 /, tensorflow: '2.9.1' }],
    ['a Python package', PYTHON, { binding: /^compiled .*-l:libtensorflow_cc\.so\.2 /, tensorflow: '2.20.1' }],
    ['the folder around it', below('tensorflow', PYTHON), { binding: /^compiled /, tensorflow: '2.20.1' }],
    [
      'a tfjs-node of another version, with headers',
      { ...TFJS_NODE, 'package.json': '{ "version": "4.20.0" }', 'deps/include/tensorflow/c/c_api.h': '' },
      { binding: /^compiled /, tensorflow: '2.9.1' },
    ],
  ])('takes %s', async ([, tree, expected]) => {
    const { directory, install } = await installation();
    const engine = await install({ source: { folder: await folderWith(tree) } });
    expect(await readFile(engine.binding, 'utf8')).toMatch(expected.binding);
    expect(engine).toMatchObject({ route: 'folder', tensorflow: expected.tensorflow });
    expect((await readInstalledEngine(directory))?.folder).toBe(engine.folder);
  });

  it('takes an engine of Thaw, with what is known of it', async () => {
    const first = await installation();
    await first.install({ source: { folder: await folderWith(PYTHON) } });
    const { install } = await installation({ CXX: '' });
    const engine = await install({ source: { folder: first.directory } });
    expect(engine).toMatchObject({ route: 'folder', tensorflow: '2.20.1' });
    expect(await readFile(engine.binding, 'utf8')).toMatch(/^compiled /);
  });

  it('copies files and keeps links between them', async () => {
    const { install } = await installation();
    const folder = await folderWith(TFJS_NODE);
    const engine = await install({ source: { folder } });
    const libraries = join(engine.folder, 'deps', 'lib');
    expect((await lstat(join(libraries, 'libtensorflow.so.2'))).isSymbolicLink()).toBe(true);
    expect((await lstat(join(libraries, 'libtensorflow.so.2.9.1'))).isFile()).toBe(true);
    expect(await readFile(join(folder, BINDING_PATH), 'utf8')).toBe('binding');
  });

  it.for<[string, Tree, string]>([
    ['is empty', { readme: '' }, 'it has no library of TensorFlow'],
    ['has libraries only', below('lib', LIBRARIES), 'it has neither a compiled binding nor the headers to compile one'],
    [
      'is a tfjs-node of another version',
      { ...TFJS_NODE, 'package.json': '{ "version": "4.20.0" }' },
      'it has neither a compiled binding nor the headers to compile one',
    ],
    ['has a manifest that cannot be read', { ...TFJS_NODE, 'package.json': '{' }, 'it has neither a compiled binding'],
  ])('refuses a folder that %s', async ([, tree, detail]) => {
    const { directory, install } = await installation();
    const folder = await folderWith(tree);
    expect(await problemFrom(install({ source: { folder } }))).toMatchObject({
      ...{ reason: 'engineFolder', path: folder },
      detail: expect.stringContaining(detail) as string,
    });
    expect(await readInstalledEngine(directory)).toBeNull();
  });

  it('refuses a folder that is not there, before it makes one of its own', async () => {
    const { directory, install } = await installation();
    const own = join(directory, 'own');
    const missing = join(directory, 'missing');
    const problem = await problemFrom(install({ source: { folder: missing }, directory: own }));
    expect(problem).toEqual({ reason: 'engineFolder', path: missing, detail: 'there is no such folder' });
    await expect(lstat(own)).rejects.toThrow('ENOENT');
  });
});
