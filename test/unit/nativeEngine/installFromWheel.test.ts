import { readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInstalledEngine } from '../../../src/node/nativeEngine/installedEngine.ts';
import { isAlive } from '../../../src/node/processAlive.ts';
import { installation, LIBRARY_BYTES, scripts, wheel, WHEEL_TREE } from '../../support/engineFiles.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const NAME = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

/** Copies a wheel as `pip download` would: to the folder after `--dest`. */
const saving = (source: string, name = NAME): string =>
  `while [ "$1" != --dest ]; do shift; done\n/bin/cp '${source}' "$2/${name}"\necho "Saved $2/${name}"`;

/** A Python whose pip says its version, and does the rest for anything else. */
const pip = (rest: string): string => `if [ "$3" = --version ]; then echo 'pip 99'; exit 0; fi\n${rest}`;

async function wheelFile(content: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), NAME);
  await writeFile(path, content);
  return path;
}

async function setUp(content = wheel(WHEEL_TREE)) {
  const PATH = await scripts({ python3: pip(saving(await wheelFile(content))) });
  return installation({ PATH });
}

describe.runIf(process.platform === 'linux')('installEngine from the Python package', () => {
  it('unpacks the libraries, compiles the binding against their headers, and leaves nothing else', async () => {
    const { directory, install, progress } = await setUp();
    const engine = await install({ source: 'wheel' });
    expect(engine).toMatchObject({ route: 'wheel', tensorflow: '2.21.0', proof: { works: true } });
    const library = join(engine.folder, 'deps', 'lib', 'libtensorflow_cc.so.2');
    expect(new Uint8Array(await readFile(library))).toEqual(LIBRARY_BYTES);
    expect(await readFile(engine.binding, 'utf8')).toMatch(
      /^compiled .*-l:libtensorflow_cc\.so\.2 -l:libtensorflow_framework\.so\.2 /,
    );
    expect((await readdir(directory)).sort()).toEqual(['engine.json', 'thaw-tensorflow-2.21.0-wheel']);
    expect(await readdir(engine.folder, { recursive: true })).not.toContain('include');
    expect([...new Set(progress.map(({ step }) => step))]).toEqual(['download', 'extract', 'compile', 'probe']);
  });

  it('gives the compiler the headers that the binding includes, and those that these include', async () => {
    const { install } = await setUp();
    const LISTING = `i=$(echo "$*" | /bin/sed 's/.*-I \\([^ ]*include\\) .*/\\1/'); for o; do :; done; cd "$i" && /usr/bin/find . -type f > "$o"`;
    const CXX = join(await scripts({ compiler: LISTING }), 'compiler');
    const PATH = await scripts({ python3: pip(saving(await wheelFile(wheel(WHEEL_TREE)))) });
    const engine = await install({ source: 'wheel', environment: { PATH, CXX } });
    const headers = (await readFile(engine.binding, 'utf8')).trim().split('\n').sort();
    expect(headers).toEqual(['./tensorflow/c/c_api.h', './tensorflow/c/tf_status.h']);
  });

  const WITHOUT_LIBRARY = Object.fromEntries(Object.entries(WHEEL_TREE).filter(([name]) => !name.endsWith('_cc.so.2')));
  const CHANGED = { ...WHEEL_TREE, 'tensorflow/libtensorflow_cc.so.2': LIBRARY_BYTES.map((byte) => byte ^ 1) };
  const HEADER = { ...WHEEL_TREE, 'tensorflow/include/tensorflow/c/tf_status.h': new Uint8Array([1]) };

  it.for<[string, Uint8Array, string]>([
    [
      'has another library than its RECORD says',
      wheel(CHANGED, WHEEL_TREE),
      'the SHA-256 of tensorflow/libtensorflow_cc',
    ],
    ['has another header than its RECORD says', wheel(HEADER, WHEEL_TREE), 'the SHA-256 of tensorflow/include'],
    ['does not record a library', wheel(WHEEL_TREE, WITHOUT_LIBRARY), 'its RECORD does not name tensorflow/lib'],
    ['has no library', wheel(WITHOUT_LIBRARY), 'it has no libtensorflow_cc'],
    ['is cut short', wheel(WHEEL_TREE).subarray(0, 50_000), 'Either not a zip file, or file is truncated'],
  ])('deletes a wheel that %s', async ([, content, detail]) => {
    const { directory, install } = await setUp(content);
    expect(await problemFrom(install({ source: 'wheel' }))).toMatchObject({
      ...{ reason: 'engineArchive', file: NAME },
      detail: expect.stringContaining(detail) as string,
    });
    expect(await readdir(directory, { recursive: true })).toEqual(['thaw-downloads']);
  });

  it('says so where no Python has pip', async () => {
    const { install } = await installation({ PATH: await scripts({ python: 'echo no module named pip; exit 1' }) });
    expect(await problemFrom(install({ source: 'wheel' }))).toEqual({ reason: 'engineNoPip' });
  });

  it('takes the next Python when one has no pip', async () => {
    const file = await wheelFile(wheel(WHEEL_TREE));
    const { install } = await installation({ PATH: await scripts({ python3: 'exit 1', python: pip(saving(file)) }) });
    expect((await install({ source: 'wheel' })).tensorflow).toBe('2.21.0');
  });

  it('takes the newest version there is for a Python that has no wheel of the wanted one', async () => {
    const file = await wheelFile(wheel(WHEEL_TREE));
    const NONE = `case "$*" in *==*) echo 'ERROR: No matching distribution found for it' >&2; exit 1;; esac`;
    const name = NAME.replace('2.21.0', '2.22.1');
    const { install } = await installation({ PATH: await scripts({ python3: pip(`${NONE}\n${saving(file, name)}`) }) });
    expect((await install({ source: 'wheel' })).tensorflow).toBe('2.22.1');
  });

  it('says what pip said', async () => {
    const { install } = await installation({
      PATH: await scripts({ python3: pip(`echo 'WARNING: x'; echo 'ERROR: the index is gone.' >&2; exit 1`) }),
    });
    expect(await problemFrom(install({ source: 'wheel' }))).toEqual({
      ...{ reason: 'enginePip', requirement: 'tensorflow-cpu==2.21.0', detail: 'the index is gone' },
    });
  });

  it('says how to get a compiler where there is none', async () => {
    const file = await wheelFile(wheel(WHEEL_TREE));
    const PATH = [await scripts({ python3: pip(saving(file)) }), await scripts({ 'apt-get': '' })].join(delimiter);
    const { directory, install } = await installation({ PATH, CXX: '' });
    expect(await problemFrom(install({ source: 'wheel' }))).toEqual({
      ...{ reason: 'engineNoCompiler', command: 'sudo apt-get install g++' },
    });
    expect(await readInstalledEngine(directory)).toBeNull();
  });

  it('says what the compiler said', async () => {
    const SAYS = `echo 'In file included from one.cc' >&2; echo 'one.cc:1: error: no such type' >&2; exit 1`;
    const { install } = await setUp();
    const PATH = await scripts({ python3: pip(saving(await wheelFile(wheel(WHEEL_TREE)))), 'g++': SAYS });
    expect(await problemFrom(install({ source: 'wheel', environment: { PATH } }))).toEqual({
      ...{ reason: 'engineCompile', compiler: 'g++', detail: 'one.cc:1: error: no such type' },
    });
  });

  it('ends pip and all it has started when it is cancelled', async () => {
    const marker = join(await temporaryFolder(), 'pid');
    const SLEEPS = `/bin/sleep 600 & echo $! > '${marker}.new'; /bin/mv '${marker}.new' '${marker}'; wait`;
    const { directory, controller, install } = await installation({ PATH: await scripts({ python3: pip(SLEEPS) }) });
    const installing = problemFrom(install({ source: 'wheel' }));
    await expect.poll(() => readFile(marker, 'utf8').catch(() => '')).toMatch(/\d/);
    controller.abort();
    expect(await installing).toEqual({ reason: 'cancelled' });
    expect(await readdir(directory)).toEqual(['thaw-downloads']);
    const sleeper = Number(await readFile(marker, 'utf8'));
    await expect.poll(() => isAlive(sleeper)).toBe(false);
  });
});

describe.runIf(process.platform === 'linux')('installEngine without a source', () => {
  /** Nothing answers there. */
  const GONE = { TFJS_NODE_CDN_STORAGE: 'http://127.0.0.1:9/' };

  it('takes the Python package where the archive cannot be had, and says why', async () => {
    const PATH = await scripts({ python3: pip(saving(await wheelFile(wheel(WHEEL_TREE)))) });
    const { progress, install } = await installation({ PATH, ...GONE });
    expect((await install({ source: 'auto' })).route).toBe('wheel');
    expect(progress.map(({ text }) => text).find((text) => text.startsWith('not from'))).toMatch(
      /^not from the official archive: http:.* could not be downloaded/,
    );
  });

  it('gives both reasons where neither leads to an engine', async () => {
    const { install } = await installation(GONE);
    expect(await problemFrom(install({ source: 'auto' }))).toEqual({
      ...{ reason: 'engineNoSource' },
      archive: expect.stringContaining('could not be downloaded') as string,
      wheel: expect.stringContaining('no Python with pip was found') as string,
    });
  });
});
