import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readInstalledEngine, readProof } from '../../../src/node/nativeEngine/installedEngine.ts';
import { removeEngine, requireSpace } from '../../../src/node/nativeEngine/installEngine.ts';
import { officialArchives } from '../../../src/node/nativeEngine/officialArchives.ts';
import {
  BINDING_TREE,
  type Installation,
  installation,
  LIBRARY_BYTES,
  LIBRARY_TREE,
  program,
  scripts,
  sha256,
  tarball,
  type Tree,
} from '../../support/engineFiles.ts';
import { type ModelServer, startModelServer } from '../../support/modelServer.ts';
import { problemFrom } from '../../support/problems.ts';
import { startProxy } from '../../support/proxy.ts';

const LIBRARY = '/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz';
const BINDING = '/bindings/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz';

const isHere = process.platform === 'linux' && process.arch === 'x64';

beforeEach(() => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toLowerCase(), '');
  }
  return () => vi.unstubAllEnvs();
});

interface SetUp extends Installation {
  server: ModelServer;
}

/** A server with the layout of the official one, and an installer that is led to it as tfjs-node would be. */
async function setUp(library: Tree | Uint8Array = LIBRARY_TREE, binding: Tree | null = BINDING_TREE): Promise<SetUp> {
  const archive = library instanceof Uint8Array ? library : await tarball(library);
  const files = { [LIBRARY]: archive, ...(binding && { [BINDING]: await tarball(binding) }) };
  const server = await startModelServer(files);
  return { server, ...(await installation(environmentFor(server.address, archive))) };
}

const environmentFor = (address: string, archive: Uint8Array): NodeJS.ProcessEnv => ({
  TFJS_NODE_CDN_STORAGE: `${address}/`,
  npm_config_tfjs_binding_binary_host_mirror: `${address}/bindings`,
  THAW_LIBTENSORFLOW_SHA256: sha256(archive),
});

describe('officialArchives', () => {
  it('names what tfjs-node itself would fetch', () => {
    const official = officialArchives('linux', 'x64', {});
    expect(official?.library.address).toBe(`https://storage.googleapis.com${LIBRARY}`);
    expect(official?.binding.address).toBe(
      'https://storage.googleapis.com/tf-builds/pre-built-binary/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz',
    );
    expect(officialArchives('win32', 'x64', {})?.library.address).toMatch(/-cpu-windows-x86_64-2\.9\.1\.zip$/);
    expect(officialArchives('darwin', 'arm64', {})?.library.address).toMatch(
      /\.com\/tf-builds\/libtensorflow_r2_7_darwin_arm64_cpu\.tar\.gz$/,
    );
    expect(officialArchives('linux', 'riscv64', {})).toBeNull();
  });

  it('obeys the variables of tfjs-node and of node-pre-gyp', () => {
    const library = (environment: NodeJS.ProcessEnv, arch = 'x64'): string | undefined =>
      officialArchives('linux', arch, environment)?.library.address;
    expect(library({ CDN_STORAGE: 'http://a/' })).toBe(`http://a${LIBRARY}`);
    expect(library({ npm_config_TFJS_NODE_CDN_STORAGE: 'http://b/', CDN_STORAGE: 'http://a/' })).toBe(
      `http://b${LIBRARY}`,
    );
    const base = { TFJS_NODE_BASE_URI: 'http://c/tf-', CDN_STORAGE: 'http://a/' };
    expect(library(base)).toBe('http://c/tf-cpu-linux-x86_64-2.9.1.tar.gz');
    expect(library(base, 'arm64')).toBe('http://a/tf-builds/libtensorflow_r2_7_linux_arm64.tar.gz');
    const mirror = { npm_config_tfjs_binding_binary_host_mirror: 'http://d/m/' };
    expect(officialArchives('darwin', 'x64', mirror)?.binding.address).toBe(
      'http://d/m/napi-v8/4.22.0/CPU-darwin-4.22.0.tar.gz',
    );
  });
});

describe.runIf(isHere)('installEngine from the official archive', () => {
  it('puts binding and libraries where they find each other, and proves them', async () => {
    const { server, directory, install, progress } = await setUp();
    const engine = await install();
    expect(server.requests.map(({ url }) => url)).toEqual([LIBRARY, BINDING]);
    expect(engine).toMatchObject({ route: 'archive', tensorflow: '2.9.1', proof: { works: true, version: 'fake' } });
    expect(await readFile(engine.binding, 'utf8')).toBe('binding');
    const library = join(engine.folder, 'deps', 'lib', 'libtensorflow.so');
    expect(new Uint8Array(await readFile(library))).toEqual(LIBRARY_BYTES);
    expect((await lstat(library)).isSymbolicLink()).toBe(true);
    const { proof, ...installed } = engine;
    expect(await readInstalledEngine(directory)).toEqual(installed);
    expect(await readProof(installed)).toEqual(proof);
    expect((await readdir(directory)).sort()).toEqual(['engine.json', 'thaw-tensorflow-2.9.1-archive']);
    expect([...new Set(progress.map(({ step }) => step))]).toEqual(['download', 'extract', 'probe']);
    expect(progress.some(({ receivedBytes, totalBytes }) => receivedBytes === totalBytes && totalBytes)).toBeTruthy();
  });

  it('compiles the binding where the server has none', async () => {
    const { install } = await setUp(LIBRARY_TREE, null);
    const engine = await install();
    const compiled = await readFile(engine.binding, 'utf8');
    expect(compiled).toMatch(/^compiled -std=c\+\+17 /);
    expect(compiled).toContain('-l:libtensorflow.so -l:libtensorflow_framework.so.2');
    expect(compiled).toContain('-Wl,-rpath,$ORIGIN/../../deps/lib');
  });

  it('says how to get a compiler where neither the server has a binding nor the machine a compiler', async () => {
    const { server, directory, install } = await setUp(LIBRARY_TREE, null);
    const archive = server.files.get(LIBRARY) ?? new Uint8Array();
    const PATH = await scripts({ dnf: '' });
    const problem = await problemFrom(install({ environment: { PATH, ...environmentFor(server.address, archive) } }));
    expect(problem).toEqual({ reason: 'engineNoCompiler', command: 'sudo dnf install gcc-c++' });
    expect(await readInstalledEngine(directory)).toBeNull();
  });

  it('goes on after a cut connection', async () => {
    const { server, progress, install } = await setUp();
    server.cuts = [40_000];
    await install({
      onProgress: (each) => {
        progress.push(each);
        if (each.receivedBytes !== undefined) server.onProgress({ receivedBytes: each.receivedBytes });
      },
    });
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=40000-', undefined]);
  });

  it('goes through the proxy of the environment', async () => {
    const { server, install } = await setUp();
    const proxy = await startProxy(server.address);
    vi.stubEnv('HTTP_PROXY', proxy.address);
    vi.stubEnv('http_proxy', proxy.address);
    const archive = server.files.get(LIBRARY) ?? new Uint8Array();
    await install({ environment: { PATH: '', ...environmentFor('http://mirror.invalid', archive) } });
    expect(proxy.asked).toEqual(['mirror.invalid:80', 'mirror.invalid:80']);
  });

  it('stops when it is cancelled, keeps what has arrived, and goes on from there', async () => {
    const { server, directory, controller, install } = await setUp();
    server.cuts = [40_000];
    const stopped = install({
      onProgress: ({ receivedBytes = 0 }) => {
        if (receivedBytes >= 40_000) controller.abort();
      },
    });
    expect(await problemFrom(stopped)).toEqual({ reason: 'cancelled' });
    expect(await readdir(directory)).toEqual(['thaw-downloads']);
    expect(await readInstalledEngine(directory)).toBeNull();
    await install({ signal: new AbortController().signal });
    expect(server.requests[1]?.range).toBe('bytes=40000-');
  });

  it('does not fetch the library again when it was stopped after it', async () => {
    const { server, controller, install } = await setUp();
    const stopped = install({ onProgress: ({ step }) => step === 'extract' && controller.abort() });
    expect(await problemFrom(stopped)).toEqual({ reason: 'cancelled' });
    await install({ signal: new AbortController().signal });
    expect(server.requests.map(({ url }) => url)).toEqual([LIBRARY, BINDING]);
  });

  it.for<[string, (setUp: SetUp) => Partial<ModelServer>, string]>([
    ['the server does not have the library', () => ({ files: new Map() }), 'download'],
    ['the library is another file', () => ({ files: new Map([[LIBRARY, LIBRARY_BYTES]]) }), 'downloadChecksum'],
    ['the storage names another MD5', () => ({ headers: { 'x-goog-hash': 'md5=AAAA' } }), 'downloadChecksum'],
  ])('installs nothing when %s', async ([, change, reason]) => {
    const all = await setUp();
    Object.assign(all.server, change(all));
    expect(await problemFrom(all.install())).toMatchObject({ reason });
    expect(await installedFiles(all.directory)).toEqual([]);
  });

  it.for<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    ['is not packed', () => LIBRARY_BYTES, /incorrect header check/],
    ['is cut short', async () => (await tarball(LIBRARY_TREE)).subarray(0, 60_000), /unexpected end of file/],
    ['has no library', () => tarball({ 'include/tensorflow/c/c_api.h': '' }), /no library of TensorFlow/],
  ])('deletes an archive that %s', async ([, archive, detail]) => {
    const { directory, install } = await setUp(await archive());
    const problem = await problemFrom(install());
    expect(problem).toMatchObject({ reason: 'engineArchive', detail: expect.stringMatching(detail) as string });
    expect(await installedFiles(directory)).toEqual([]);
  });

  it('refuses a binding archive without a binding', async () => {
    const { install } = await setUp(LIBRARY_TREE, { 'napi-v8/other.node': '' });
    expect(await problemFrom(install())).toMatchObject({
      reason: 'engineArchive',
      detail: 'it has no tfjs_binding.node',
    });
  });

  it.for(['/etc/hostname', '../../../../outside'])('refuses an archive with a link to %s', async (target) => {
    const { directory, install } = await setUp({ ...LIBRARY_TREE, 'lib/libtensorflow_cc.so.2': `->${target}` });
    expect(await problemFrom(install())).toMatchObject({ reason: 'engineArchive' });
    expect(await installedFiles(directory)).toEqual([]);
  });
});

describe.runIf(isHere)('an installation', () => {
  const BROKEN = `console.error('the processor is too old'); process.exitCode = 1;`;

  it('that does not work here leaves the engine that was there', async () => {
    const { directory, install } = await setUp();
    await install();
    const before = await readInstalledEngine(directory);
    const problem = await problemFrom(install({ probeEntry: await program(BROKEN) }));
    expect(problem).toEqual({ reason: 'engineProbe', source: 'archive', detail: 'the processor is too old' });
    expect(await readInstalledEngine(directory)).toEqual(before);
    expect((await readdir(directory)).sort()).toEqual([
      'engine.json',
      'thaw-downloads',
      'thaw-tensorflow-2.9.1-archive',
    ]);
  });

  it('takes the place of the one before', async () => {
    const { directory, install } = await setUp();
    await install();
    const { folder } = await install();
    expect(folder).toBe(join(directory, 'thaw-tensorflow-2.9.1-archive-2'));
    expect((await readdir(directory)).sort()).toEqual(['engine.json', 'thaw-tensorflow-2.9.1-archive-2']);
  });

  it('is refused while another process installs, and clears up after one that was killed', async () => {
    const { directory, install } = await setUp();
    const lock = join(directory, 'install.lock');
    await writeFile(lock, String(process.ppid));
    expect(await problemFrom(install())).toMatchObject({ reason: 'engineBusy', processId: process.ppid });
    await writeFile(lock, '');
    for (const name of ['incoming-1', 'thaw-tensorflow-2.8.0-wheel', 'mine'])
      await mkdir(join(directory, name, 'engine'), { recursive: true });
    await install();
    expect((await readdir(directory)).sort()).toEqual(['engine.json', 'mine', 'thaw-tensorflow-2.9.1-archive']);
  });

  it('can be removed, with what was downloaded for it and nothing else', async () => {
    const { directory, install } = await setUp();
    await install();
    await mkdir(join(directory, 'thaw-downloads'));
    await writeFile(join(directory, 'mine'), '');
    expect(await removeEngine(directory)).toBe(true);
    expect(await readdir(directory)).toEqual(['mine']);
    expect(await removeEngine(directory)).toBe(false);
    expect(await removeEngine(join(directory, 'nothing'))).toBe(false);
    expect(existsSync(join(directory, 'nothing'))).toBe(false);
  });

  it('asks for enough room on the disk', async () => {
    await requireSpace('/', 10, async () => 10);
    expect(await problemFrom(requireSpace('/', 10, async () => 9))).toEqual({
      ...{ reason: 'noSpace', path: '/', neededBytes: 10, freeBytes: 9 },
    });
  });
});

/** What is there besides downloads that can be gone on with. */
async function installedFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name !== 'thaw-downloads' && !/\.part(\.version)?$/.test(name));
}
