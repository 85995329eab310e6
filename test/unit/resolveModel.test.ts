import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheDirectory } from '../../src/node/cacheDirectory.ts';
import { cachedModel } from '../../src/node/modelCache.ts';
import { resolveModel, type ResolveOptions } from '../../src/node/resolveModel.ts';
import type { DownloadEntry } from '../../src/shared/catalog.ts';
import { denseTopology, floatBytes, writeModelFolder } from '../support/modelFixtures.ts';
import { startModelServer, type ModelServer } from '../support/modelServer.ts';
import { problemFrom } from '../support/problems.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const kernel = { name: 'dense/kernel', shape: [2, 2], dtype: 'float32' };
const pause = () => 0;
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function modelJson(paths = ['shards/1.bin', '2.bin']): Uint8Array {
  return text({
    format: 'layers-model',
    modelTopology: denseTopology,
    weightsManifest: [{ paths, weights: [kernel] }],
  });
}

async function modelServer(...values: number[]): Promise<ModelServer> {
  const bytes = floatBytes(...values);
  return startModelServer({
    '/net/model.json': modelJson(),
    '/net/shards/1.bin': bytes.subarray(0, 6),
    '/net/2.bin': bytes.subarray(6),
  });
}

const entryAt = (server: ModelServer): DownloadEntry => ({
  id: 'net_1.0',
  kind: 'download',
  title: 'Net',
  licence: 'Apache-2.0',
  address: `${server.address}/net/model.json`,
  preprocessing: { range: '0..1', resize: 'crop', channels: 'rgb' },
  source: 'A test.',
});

let cache: string;

beforeEach(async () => {
  cache = await temporaryFolder();
  for (const name of ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
  vi.stubEnv('THAW_CACHE_DIR', cache);
  return () => vi.unstubAllEnvs();
});

const cached = () => join(cache, 'models', 'net_1.0');

describe('cachedModel', () => {
  it('downloads a model once and then takes it from the cache', async () => {
    const server = await modelServer(1, 2, 3, 4);
    const addresses = new Set<string>();
    const files = await cachedModel(entryAt(server), { onProgress: ({ address }) => addresses.add(address) });
    expect((await files.readWeights()).get('dense/kernel')?.values).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(server.requests.map(({ url }) => url)).toEqual(['/net/model.json', '/net/shards/1.bin', '/net/2.bin']);
    expect(addresses.size).toBe(3);
    expect(files.directory).toBe(cached());
    await cachedModel(entryAt(server));
    expect(server.requests).toHaveLength(3);
  });

  it('goes on with an interrupted shard in a later call', async () => {
    const server = await modelServer(1, 2, 3, 4);
    server.cuts = [0, 0, 2, 2, 1, 1, 1];
    const interrupted = cachedModel(entryAt(server), { pause, onProgress: server.onProgress });
    expect(await problemFrom(interrupted)).toMatchObject({ reason: 'download' });
    expect(await readdir(cached())).not.toContain('verified.json');
    const before = server.requests.length;
    const files = await cachedModel(entryAt(server), { pause });
    expect((await files.readWeights()).get('dense/kernel')?.values).toEqual(Float32Array.of(1, 2, 3, 4));
    const later = server.requests.slice(before);
    expect(later.map(({ url, range }) => [url, range])).toEqual([
      ['/net/model.json', undefined],
      ['/net/2.bin', 'bytes=7-'],
    ]);
  });

  it('refuses a model with values that are not finite, and does not remember it', async () => {
    const server = await modelServer(1, 2, NaN, 4);
    const { address } = entryAt(server);
    const problem = { reason: 'modelNotFinite', path: address, tensor: 'dense/kernel' };
    expect(await problemFrom(cachedModel(entryAt(server)))).toEqual(problem);
    expect(await readdir(cached())).toEqual(['shards']);
    expect(await problemFrom(cachedModel(entryAt(server)))).toEqual(problem);
    server.files.set('/net/2.bin', floatBytes(1, 2, 3, 4).subarray(6));
    const files = await cachedModel(entryAt(server));
    expect((await files.readWeights()).get('dense/kernel')?.values[2]).toBe(3);
  });

  it('refuses shards that are shorter than model.json promises', async () => {
    const server = await modelServer(1, 2, 3);
    const problem = await problemFrom(cachedModel(entryAt(server)));
    expect(problem).toMatchObject({ reason: 'download', detail: expect.stringContaining('12 bytes') as string });
    expect(problem).toHaveProperty('detail', expect.stringContaining('16'));
  });

  it.each([
    ['is no JSON', new TextEncoder().encode('<html>'), 'modelNotJson'],
    ['is a GraphModel', text({ format: 'graph-model', modelTopology: {} }), 'modelGraph'],
    ['reaches out of its folder', modelJson(['../../2.bin']), 'modelNoWeights'],
  ])('refuses a model.json that %s, and asks for it again next time', async (_, body, reason) => {
    const server = await modelServer(1, 2, 3, 4);
    server.files.set('/net/model.json', body);
    const { address } = entryAt(server);
    expect(await problemFrom(cachedModel(entryAt(server)))).toMatchObject({ reason, path: address });
    expect(server.requests.map(({ url }) => url)).toEqual(['/net/model.json']);
    server.files.set('/net/model.json', modelJson());
    await cachedModel(entryAt(server));
  });

  it('fetches anew what was changed in the cache', async () => {
    const server = await modelServer(1, 2, 3, 4);
    await cachedModel(entryAt(server));
    await writeFile(join(cached(), '2.bin'), new Uint8Array(10));
    const files = await cachedModel(entryAt(server));
    expect((await files.readWeights()).get('dense/kernel')?.values).toEqual(Float32Array.of(1, 2, 3, 4));
    const urls = server.requests.slice(3).map(({ url }) => url);
    expect(urls).toEqual(['/net/model.json', '/net/2.bin']);
  });

  it('fetches anew when the catalog names another address', async () => {
    const [first, second] = [await modelServer(1, 2, 3, 4), await modelServer(5, 6, 7, 8)];
    await cachedModel(entryAt(first));
    const files = await cachedModel(entryAt(second));
    expect((await files.readWeights()).get('dense/kernel')?.values).toEqual(Float32Array.of(5, 6, 7, 8));
  });

  it('remembers the hashes of all files', async () => {
    await cachedModel(entryAt(await modelServer(1, 2, 3, 4)));
    const { files } = JSON.parse(await readFile(join(cached(), 'verified.json'), 'utf8')) as { files: object };
    expect(Object.keys(files).sort()).toEqual(['2.bin', 'model.json', 'shards/1.bin']);
  });
});

describe('cacheDirectory', () => {
  it.each([
    [{ THAW_CACHE_DIR: '/given', XDG_CACHE_HOME: '/xdg' }, 'linux', '/given'],
    [{ XDG_CACHE_HOME: '/xdg' }, 'linux', join('/xdg', 'thaw')],
    [{}, 'linux', join('/home/ada', '.cache', 'thaw')],
    [{}, 'darwin', join('/home/ada', 'Library', 'Caches', 'thaw')],
    [{ LOCALAPPDATA: '/local' }, 'win32', join('/local', 'thaw', 'cache')],
  ] as const)('%j on %s is %s', (environment, platform, expected) => {
    expect(cacheDirectory(environment, platform, '/home/ada')).toBe(expected);
  });
});

describe('resolveModel', () => {
  async function setUp(): Promise<{ base: string; server: ModelServer; options: ResolveOptions }> {
    const base = await temporaryFolder();
    const server = await modelServer(1, 2, 3, 4);
    await writeModelFolder(join(base, 'media', 'tiny'), [kernel], floatBytes(9, 9, 9, 9));
    const { preprocessing, licence, source } = entryAt(server);
    const tiny = {
      id: 'tiny_net',
      kind: 'bundled' as const,
      title: 'Tiny',
      path: 'tiny',
      preprocessing,
      licence,
      source,
    };
    const catalog = { version: 1 as const, models: [entryAt(server), tiny] };
    return { base, server, options: { catalog, mediaDirectory: join(base, 'media'), workspace: base } };
  }

  it('finds a folder and a model.json, relative to the base folder or absolute', async () => {
    const { base, options } = await setUp();
    const folder = await writeModelFolder(join(base, 'models', 'mine'), [kernel], floatBytes(1, 1, 1, 1));
    for (const reference of ['models/mine', './models/mine/model.json', folder]) {
      const { files, catalogEntry, run } = await resolveModel(reference, base, options);
      expect([files.directory, catalogEntry, run]).toEqual([folder, undefined, undefined]);
    }
  });

  it('finds names of the catalog, bundled or downloaded', async () => {
    const { base, options, server } = await setUp();
    const bundled = await resolveModel('tiny_net', base, options);
    expect(bundled.files.directory).toBe(join(base, 'media', 'tiny'));
    expect(bundled.catalogEntry?.id).toBe('tiny_net');
    expect(server.requests).toEqual([]);
    const downloaded = await resolveModel('net_1.0', base, options);
    expect(downloaded.files.directory).toBe(cached());
    expect(downloaded.catalogEntry?.title).toBe('Net');
  });

  it('prefers what lies on the disk to the catalog', async () => {
    const { base, options } = await setUp();
    const folder = await writeModelFolder(join(base, 'tiny_net'), [kernel], floatBytes(1, 1, 1, 1));
    const { files, catalogEntry } = await resolveModel('tiny_net', base, options);
    expect([files.directory, catalogEntry]).toEqual([folder, undefined]);
  });

  it('finds a run by its folder and by its name', async () => {
    const { base, options } = await setUp();
    const run = join(base, '.thaw', 'runs', 'first');
    await writeModelFolder(join(run, 'model'), [kernel], floatBytes(1, 1, 1, 1));
    for (const reference of [run, '.thaw/runs/first', 'first']) {
      const found = await resolveModel(reference, base, options);
      expect([found.run, found.files.directory]).toEqual([run, join(run, 'model')]);
    }
    const elsewhere = await problemFrom(resolveModel('first', base, { ...options, workspace: undefined }));
    expect(elsewhere).toMatchObject({ reason: 'modelMissing' });
  });

  it('says what is missing, with the nearest name of the catalog where one is near', async () => {
    const { base, options } = await setUp();
    const missing = (reference: string) => problemFrom(resolveModel(reference, base, options));
    expect(await missing('tiny_ned')).toEqual({
      reason: 'modelMissing',
      path: join(base, 'tiny_ned'),
      nearest: 'tiny_net',
    });
    expect(await missing('flowers')).toEqual({ reason: 'modelMissing', path: join(base, 'flowers') });
    expect(await missing('models/tiny_net')).toEqual({
      reason: 'modelMissing',
      path: join(base, 'models', 'tiny_net'),
    });
  });
});
