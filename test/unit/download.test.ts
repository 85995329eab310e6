import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadFile } from '../../src/node/download.ts';
import { listen, startModelServer } from '../support/modelServer.ts';
import { problemFrom } from '../support/problems.ts';
import { startProxy } from '../support/proxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251);
const other = Uint8Array.from({ length: 90_000 }, (_, i) => (i * 17) % 241);
const pause = () => 0;

beforeEach(() => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toLowerCase(), '');
  }
  return () => vi.unstubAllEnvs();
});

async function setUp() {
  const folder = await temporaryFolder();
  const server = await startModelServer({ '/weights.bin': content });
  return { folder, server, path: join(folder, 'weights.bin'), address: `${server.address}/weights.bin` };
}

describe('downloadFile', () => {
  it('fetches a whole file, tells how far it is, and leaves nothing else behind', async () => {
    const { folder, server, path, address } = await setUp();
    const progress: [number, number | undefined][] = [];
    await downloadFile(address, path, {
      onProgress: ({ receivedBytes, totalBytes }) => progress.push([receivedBytes, totalBytes]),
    });
    expect(new Uint8Array(await readFile(path))).toEqual(content);
    expect(progress.at(-1)).toEqual([content.length, content.length]);
    expect(progress.map(([bytes]) => bytes)).toEqual([...progress.map(([bytes]) => bytes)].sort((a, b) => a - b));
    expect(server.requests).toEqual([{ url: '/weights.bin' }]);
    expect(await readdir(folder)).toEqual(['weights.bin']);
  });

  it('goes on after a cut connection with the bytes that are missing', async () => {
    const { server, path, address } = await setUp();
    server.cuts = [40_000];
    await downloadFile(address, path, { pause, onProgress: server.onProgress });
    expect(new Uint8Array(await readFile(path))).toEqual(content);
    expect(server.requests).toEqual([
      { url: '/weights.bin' },
      { url: '/weights.bin', range: 'bytes=40000-', ifRange: '"v1"' },
    ]);
  });

  it('goes on in a later call after it gave up', async () => {
    const { folder, server, path, address } = await setUp();
    server.cuts = [10_000, 10_000, 10_000, 10_000, 10_000];
    expect(await problemFrom(downloadFile(address, path, { pause, onProgress: server.onProgress }))).toEqual({
      reason: 'download',
      address,
      detail: 'the connection was cut',
    });
    expect(server.requests).toHaveLength(5);
    expect(await readdir(folder)).not.toContain('weights.bin');
    await downloadFile(address, path, { pause });
    expect(server.requests[5].range).toBe('bytes=50000-');
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('starts over with a server that does not know Range', async () => {
    const { server, path, address } = await setUp();
    Object.assign(server, { ignoreRange: true, cuts: [40_000] });
    await downloadFile(address, path, { pause, onProgress: server.onProgress });
    expect(server.requests[1].range).toBe('bytes=40000-');
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('starts over when the file on the server is another one meanwhile', async () => {
    const { server, path, address } = await setUp();
    server.cuts = [40_000];
    const onProgress = (progress: { receivedBytes: number }) => {
      server.etag = '"v2"';
      server.files.set('/weights.bin', other);
      server.onProgress(progress);
    };
    await downloadFile(address, path, { pause, onProgress });
    expect(server.requests[1]).toMatchObject({ range: 'bytes=40000-', ifRange: '"v1"' });
    expect(new Uint8Array(await readFile(path))).toEqual(other);
  });

  it('does not go on with a part of an unknown version', async () => {
    const { server, path, address } = await setUp();
    await writeFile(`${path}.part`, 'of unknown origin');
    await downloadFile(address, path);
    expect(server.requests).toEqual([{ url: '/weights.bin' }]);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('starts over when the part cannot be continued (416)', async () => {
    const { server, path, address } = await setUp();
    server.cuts = [40_000];
    const onProgress = (progress: { receivedBytes: number }) => {
      server.statuses = server.requests.length === 1 ? [416] : [];
      server.onProgress(progress);
    };
    await downloadFile(address, path, { pause, onProgress });
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=40000-', undefined]);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('starts over when another part comes than the one that is missing', async () => {
    const { server, path, address } = await setUp();
    const { onProgress } = server;
    server.cuts = [40_000];
    server.rangeShift = 10;
    await downloadFile(address, path, { pause, onProgress });
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=40000-', undefined]);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('tries again when the server is busy', async () => {
    const { server, path, address } = await setUp();
    server.statuses = [503, 429];
    await downloadFile(address, path, { pause });
    expect(server.requests).toHaveLength(3);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('takes a file of the hash it should have, and deletes another', async () => {
    const { folder, server, path, address } = await setUp();
    const sha256 = createHash('sha256').update(content).digest('hex');
    await downloadFile(address, path, { sha256: sha256.toUpperCase() });
    server.files.set('/weights.bin', other);
    expect(await problemFrom(downloadFile(address, join(folder, 'other.bin'), { sha256 }))).toEqual({
      ...{ reason: 'downloadChecksum', address, algorithm: 'SHA-256', expected: sha256 },
      actual: createHash('sha256').update(other).digest('hex'),
    });
    expect(await readdir(folder)).toEqual(['weights.bin']);
  });

  it('deletes a file of another MD5 than Google Cloud Storage names, also one that arrived in two parts', async () => {
    const { folder, server, path, address } = await setUp();
    const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');
    server.headers = { 'x-goog-hash': `crc32c=AAAAAA==, md5=${md5(content)}` };
    server.cuts = [40_000];
    await downloadFile(address, path, { pause, onProgress: server.onProgress });
    server.headers = { 'x-goog-hash': `md5=${md5(other)}` };
    server.cuts = [40_000];
    const damaged = downloadFile(address, join(folder, 'other.bin'), { pause, onProgress: server.onProgress });
    expect(await problemFrom(damaged)).toMatchObject({ reason: 'downloadChecksum', algorithm: 'MD5' });
    expect(await readdir(folder)).toEqual(['weights.bin']);
  });

  it('stops when it is cancelled, and keeps what has arrived', async () => {
    const { folder, server, path, address } = await setUp();
    const controller = new AbortController();
    server.cuts = [40_000];
    const problem = await problemFrom(
      downloadFile(address, path, { pause, signal: controller.signal, onProgress: () => controller.abort() }),
    );
    expect(problem).toEqual({ reason: 'cancelled' });
    expect(server.requests).toHaveLength(1);
    expect((await readdir(folder)).sort()).toEqual(['weights.bin.part', 'weights.bin.part.version']);
  });

  it('stops while it waits for the next attempt', async () => {
    const { server, path, address } = await setUp();
    const controller = new AbortController();
    server.statuses = [503];
    const waiting = downloadFile(address, path, {
      signal: controller.signal,
      pause: () => {
        controller.abort();
        return 3_600_000;
      },
    });
    expect(await problemFrom(waiting)).toEqual({ reason: 'cancelled' });
  });

  it('says that there is no such file, and does not try again', async () => {
    const { server, path } = await setUp();
    const problem = await problemFrom(downloadFile(`${server.address}/none.bin`, path, { pause }));
    expect(problem).toMatchObject({ reason: 'download', detail: expect.stringContaining('404') as string });
    expect(server.requests).toHaveLength(1);
  });

  it('says when nothing answers', async () => {
    const path = join(await temporaryFolder(), 'x');
    const closed = createServer();
    const address = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const problem = await problemFrom(downloadFile(address, path, { pause }));
    expect(problem).toMatchObject({ reason: 'download', detail: expect.stringContaining('refused') as string });
  });

  it('follows a redirect', async () => {
    const { server, path, address } = await setUp();
    const moved = await listen(createServer((_, response) => response.writeHead(302, { location: address }).end()));
    await downloadFile(`${moved}/old.bin`, path, { pause });
    expect(server.requests).toHaveLength(1);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it('goes through the proxy of the environment, except for the hosts of NO_PROXY', async () => {
    const { server, path, address } = await setUp();
    const proxy = await startProxy(server.address);
    vi.stubEnv('HTTP_PROXY', proxy.address);
    vi.stubEnv('http_proxy', process.env.HTTP_PROXY);
    await downloadFile('http://models.invalid/weights.bin', path, { pause });
    expect(proxy.asked).toEqual(['models.invalid:80']);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    vi.stubEnv('no_proxy', '127.0.0.1');
    await downloadFile(address, path, { pause });
    expect(proxy.asked).toHaveLength(1);
  });
});
