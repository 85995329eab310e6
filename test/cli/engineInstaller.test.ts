import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InstallProgress } from '../../src/node/nativeEngine/installRoute.ts';
import { type InstallerPrograms, runInstaller, runRemoval } from '../../src/node/nativeEngine/runInstaller.ts';
import { BINDING_TREE, LIBRARY_TREE, program, sha256, tarball, WORKING_PROBE } from '../support/engineFiles.ts';
import { type ModelServer, startModelServer } from '../support/modelServer.ts';
import { problemFrom } from '../support/problems.ts';
import { ROOT } from '../support/provision.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const LIBRARY = '/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz';
const BINDING = '/bindings/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz';

interface SetUp {
  folder: string;
  server: ModelServer;
  programs: InstallerPrograms;
}

async function setUp(probe = WORKING_PROBE): Promise<SetUp> {
  const folder = await temporaryFolder();
  const library = await tarball(LIBRARY_TREE);
  const server = await startModelServer({ [LIBRARY]: library, [BINDING]: await tarball(BINDING_TREE) });
  const environment = {
    ...{ HTTP_PROXY: '', http_proxy: '', PATH: '' },
    THAW_ENGINE_DIR: folder,
    TFJS_NODE_CDN_STORAGE: `${server.address}/`,
    npm_config_tfjs_binding_binary_host_mirror: `${server.address}/bindings`,
    THAW_LIBTENSORFLOW_SHA256: sha256(library),
  };
  const sources = join(ROOT, 'dist', 'native-sources');
  const installer = join(ROOT, 'dist', 'engineInstaller.js');
  return { folder, server, programs: { installer, probeEntry: await program(probe), sources, environment } };
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the installer as a process', () => {
  it('installs and removes, and tells how far it is', async () => {
    const { folder, programs } = await setUp();
    const progress: InstallProgress[] = [];
    const { signal } = new AbortController();
    const engine = await runInstaller(programs, { signal, onProgress: (each) => void progress.push(each) });
    expect(engine).toMatchObject({ route: 'archive', proof: { works: true, version: 'fake' } });
    expect([...new Set(progress.map(({ step }) => step))]).toEqual(['download', 'extract', 'probe']);
    expect(await readdir(folder)).toContain('engine.json');
    expect(await runRemoval(programs)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
    expect(await runRemoval(programs)).toBe(false);
  });

  it('says what went wrong as a problem', async () => {
    const { server, programs } = await setUp();
    server.files.clear();
    const { signal } = new AbortController();
    const problem = await problemFrom(runInstaller(programs, { signal, onProgress: () => undefined }));
    expect(problem).toMatchObject({ reason: 'engineNoSource', archive: expect.stringContaining('404') as string });
  });

  it('stops when it is told to, and clears up before it says so', async () => {
    const { folder, server, programs } = await setUp();
    server.cuts = [40_000];
    const controller = new AbortController();
    const onProgress = ({ receivedBytes = 0 }: InstallProgress): void => {
      if (receivedBytes > 0) controller.abort();
    };
    const installing = runInstaller(programs, { signal: controller.signal, onProgress });
    expect(await problemFrom(installing)).toEqual({ reason: 'cancelled' });
    expect(await readdir(folder)).toEqual(['thaw-downloads']);
  });
});
