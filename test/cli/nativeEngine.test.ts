import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInstalledEngine, readProof } from '../../src/node/nativeEngine/installedEngine.ts';
import { engineContract } from '../support/cliContract.ts';
import { BINDING_TREE, LIBRARY_TREE, sha256, tarball } from '../support/engineFiles.ts';
import { type ModelServer, startModelServer } from '../support/modelServer.ts';
import { nativeEngine, nativeEngineDirectory } from '../support/provisionNative.ts';
import { runCli, startCli } from '../support/runCli.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const LIBRARY = '/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz';
const BINDING = '/bindings/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz';
const FROM_ARCHIVE = ['engine', 'install', '--source', 'archive', '--json'];

const isHere = process.platform === 'linux' && process.arch === 'x64';

interface SetUp {
  folder: string;
  server: ModelServer;
  env: NodeJS.ProcessEnv;
}

/** A server with archives of the right layout, in which nothing can be loaded, and an empty folder for the engine. */
async function setUp(): Promise<SetUp> {
  const folder = await realpath(await temporaryFolder());
  const library = await tarball(LIBRARY_TREE);
  const server = await startModelServer({ [LIBRARY]: library, [BINDING]: await tarball(BINDING_TREE) });
  const env = {
    ...{ HTTP_PROXY: '', http_proxy: '' },
    THAW_ENGINE_DIR: folder,
    TFJS_NODE_CDN_STORAGE: `${server.address}/`,
    npm_config_tfjs_binding_binary_host_mirror: `${server.address}/bindings`,
    THAW_LIBTENSORFLOW_SHA256: sha256(library),
  };
  return { folder, server, env };
}

describe.runIf(isHere)('thaw engine install', () => {
  it('stops at Ctrl-C with code 130 and nothing installed, and goes on from what has arrived', async () => {
    const { folder, server, env } = await setUp();
    // The server sends so much and then nothing.
    server.cuts = [40_000];
    const installing = startCli(FROM_ARCHIVE, { cwd: folder, env });
    await installing.line((line) => line.event === 'progress' && Number(line.receivedBytes) > 0);
    process.kill(-installing.processId, 'SIGINT');
    const { code, stderr } = await installing.finished;
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringMatching(/^Stopped\. .*\n$/) as string });
    expect(await readdir(folder)).toEqual(['thaw-downloads']);
    const second = await runCli(FROM_ARCHIVE, { cwd: folder, env });
    expect(server.requests[1]?.range).toMatch(/^bytes=\d+-$/);
    // What came is no library that could be loaded, which is found out in a process of its own.
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^The native engine .*\n$/) as string });
    expect(second.stderr).toContain('tfjs_binding.node');
    expect(await readInstalledEngine(folder)).toBeNull();
  });

  it('goes on after it was killed', async () => {
    const { folder, server, env } = await setUp();
    server.cuts = [40_000];
    const installing = startCli(FROM_ARCHIVE, { cwd: folder, env });
    await installing.line((line) => line.event === 'progress' && Number(line.receivedBytes) > 0);
    process.kill(-installing.processId, 'SIGKILL');
    await installing.finished;
    expect(await readInstalledEngine(folder)).toBeNull();
    await runCli(FROM_ARCHIVE, { cwd: folder, env });
    expect(server.requests[1]?.range).toMatch(/^bytes=\d+-$/);
    expect(await readdir(folder)).toEqual(['thaw-downloads']);
  });

  it('says in one line why it could not', async () => {
    const { folder, server, env } = await setUp();
    server.files.clear();
    const { code, stdout, stderr } = await runCli(['engine', 'install', '--quiet'], {
      cwd: folder,
      env: { ...env, PATH: '' },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The native engine could not be installed\..*404.*no Python with pip was found.*\n$/);
  });
});

describe('thaw engine', () => {
  it('takes the engine from a folder, proves it, finds it, and removes it', async ({ skip }) => {
    const directory = nativeEngineDirectory(skip);
    const folder = await realpath(await temporaryFolder());
    const options = { cwd: folder, env: { THAW_ENGINE_DIR: join(folder, 'engine') } };
    const installed = await runCli(['engine', 'install', '--from', directory, '--json'], options);
    expect(installed.stderr).toBe('');
    expect(installed.code).toBe(0);
    expect(installed.json.event).toBe('result');
    const nativeOf = (json: unknown) => engineContract.parse(json).engines.find(({ name }) => name === 'native');
    expect(nativeOf(installed.json)).toMatchObject({ available: true });
    const engine = await readInstalledEngine(join(folder, 'engine'));
    if (!engine) throw new Error('it says that it has installed the engine');
    expect(engine.route).toBe('folder');
    expect(await readProof(engine)).toMatchObject({ works: true });
    const again = await runCli(['engine', 'install'], options);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('is installed already') as string });
    const removed = await runCli(['engine', 'remove', '--json'], options);
    expect(removed.code).toBe(0);
    expect(nativeOf(removed.json)).toMatchObject({ available: false });
    expect(await readdir(join(folder, 'engine'))).toEqual([]);
  });

  it('is installed from the Python package for these suites', async ({ skip }) => {
    const engine = await nativeEngine(skip);
    expect(engine).toMatchObject({ route: 'wheel', tensorflow: expect.stringMatching(/^2\.\d+/) as string });
  });

  it('says so when there is nothing to remove', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['engine', 'remove'], { cwd: folder, env: { THAW_ENGINE_DIR: folder } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'No native engine was installed.\n' });
  });
});
