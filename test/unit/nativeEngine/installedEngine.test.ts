import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BINDING_PATH,
  engineDirectory,
  type EngineRecord,
  readInstalledEngine,
  readProof,
  writeProof,
  writeRecord,
} from '../../../src/node/nativeEngine/installedEngine.ts';
import { writeTree } from '../../support/engineFiles.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const LIBRARY = 'deps/lib/libtensorflow.so.2';
const RECORD: EngineRecord = {
  format: 1,
  folder: 'one',
  route: 'wheel',
  tensorflow: '2.21.0',
  tfjsNode: '4.22.0',
  files: { [BINDING_PATH]: 7, [LIBRARY]: 3 },
};

async function setUp(record = RECORD): Promise<string> {
  const directory = await temporaryFolder();
  await writeTree(join(directory, 'one'), { [BINDING_PATH]: 'binding', [LIBRARY]: 'lib' });
  await writeRecord(directory, record);
  return directory;
}

describe('engineDirectory', () => {
  it('is what THAW_ENGINE_DIR says, else a folder of the user as the system has it', () => {
    expect(engineDirectory({ THAW_ENGINE_DIR: '/somewhere/else' }, 'linux', '/home/a')).toBe('/somewhere/else');
    expect(engineDirectory({}, 'linux', '/home/a')).toBe('/home/a/.local/share/thaw/engine');
    expect(engineDirectory({ XDG_DATA_HOME: '/data' }, 'linux', '/home/a')).toBe('/data/thaw/engine');
    expect(engineDirectory({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Application Support/thaw/engine');
    expect(engineDirectory({ LOCALAPPDATA: '/local' }, 'win32', '/a')).toBe('/local/thaw/engine');
  });
});

describe('readInstalledEngine', () => {
  it('gives the engine that engine.json names', async () => {
    const directory = await setUp();
    const folder = join(directory, 'one');
    expect(await readInstalledEngine(directory)).toEqual({
      ...{ folder, route: 'wheel', tensorflow: '2.21.0', tfjsNode: '4.22.0' },
      binding: join(folder, BINDING_PATH),
    });
  });

  it.for<[string, (directory: string) => Promise<void>]>([
    ['there is no engine.json', (directory) => rm(join(directory, 'engine.json'))],
    ['engine.json is cut short', (directory) => writeFile(join(directory, 'engine.json'), '{ "format": 1,')],
    ['a library is missing', (directory) => rm(join(directory, 'one', LIBRARY))],
    ['a library has another size', (directory) => writeFile(join(directory, 'one', LIBRARY), 'li')],
  ])('gives none where %s', async ([, damage]) => {
    const directory = await setUp();
    await damage(directory);
    expect(await readInstalledEngine(directory)).toBeNull();
  });

  it.for<[string, object]>([
    ['is of another version of tfjs-node', { tfjsNode: '4.21.0' }],
    ['has no binding', { files: { [LIBRARY]: 3 } }],
    ['lies outside', { folder: '../one' }],
  ])('gives none where the engine %s', async ([, change]) => {
    expect(await readInstalledEngine(await setUp({ ...RECORD, ...change }))).toBeNull();
  });
});

describe('the proof of an engine', () => {
  it('is remembered for as long as the binding is the same', async () => {
    const engine = await readInstalledEngine(await setUp());
    if (!engine) throw new Error('no engine');
    expect(await readProof(engine)).toBeNull();
    const proof = { works: false, detail: 'it crashed', version: '' };
    await writeProof(engine, proof);
    expect(await readProof(engine)).toEqual(proof);
    await utimes(engine.binding, 1, 1);
    expect(await readProof(engine)).toBeNull();
  });
});
