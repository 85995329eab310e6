import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { imagePackages, TARGETS } from '../../scripts/package/imagePackages.mjs';
import { packagedReadme, picturesIn } from '../../scripts/package/readme.mjs';
import { fetchPackages, RegistryUnreachable } from '../../scripts/package/registry.mjs';
import { temporaryFolder } from '../support/temporaryFolder.ts';

afterEach(() => vi.unstubAllEnvs());

/** SHA-512 of `abc`: example C.1 of FIPS 180-2. */
const HASH_OF_ABC =
  'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';
const ABC = {
  name: '@scope/abc',
  version: '1.0.0',
  integrity: `sha512-${Buffer.from(HASH_OF_ABC, 'hex').toString('base64')}`,
};
const ARCHIVE = 'scope-abc-1.0.0.tgz';

/** Puts a program in the place of npm that writes an archive with the given content, or ends with an error. */
async function npmThat(does: { writes: string } | { fails: string }): Promise<void> {
  const npm = join(await temporaryFolder(), 'npm-cli.js');
  const program =
    'writes' in does
      ? `require('node:fs').writeFileSync('${ARCHIVE}', '${does.writes}');`
      : `console.log('{ "error": { "code": "${does.fails}" } }'); process.exitCode = 1;`;
  await writeFile(npm, program);
  vi.stubEnv('npm_execpath', npm);
}

describe('fetching packages', () => {
  it('gives the archive when its hash is the one that is pinned', async () => {
    const cache = await temporaryFolder();
    await npmThat({ writes: 'abc' });
    expect(await fetchPackages([ABC], cache)).toEqual([join(cache, ARCHIVE)]);
  });

  it('refuses an archive with another content, and keeps nothing of it', async () => {
    const cache = await temporaryFolder();
    await npmThat({ writes: 'abd' });
    await expect(fetchPackages([ABC], cache)).rejects.toThrow('@scope/abc 1.0.0 as fetched is not what');
    expect(existsSync(join(cache, ARCHIVE))).toBe(false);
  });

  it('asks nobody for what it has, unless that was changed meanwhile', async () => {
    const cache = await temporaryFolder();
    await npmThat({ fails: 'E404' });
    await writeFile(join(cache, ARCHIVE), 'abc');
    expect(await fetchPackages([ABC], cache)).toEqual([join(cache, ARCHIVE)]);
    await npmThat({ writes: 'abc' });
    await writeFile(join(cache, ARCHIVE), 'changed');
    await fetchPackages([ABC], cache);
    expect(await readFile(join(cache, ARCHIVE), 'utf8')).toBe('abc');
  });

  it.each(['ENOTFOUND', 'ECONNREFUSED', 'ETIMEDOUT', 'ENOTCACHED', 'E503'])(
    'tells that the registry cannot be reached (%s)',
    async (code) => {
      await npmThat({ fails: code });
      await expect(fetchPackages([ABC], await temporaryFolder())).rejects.toThrow(RegistryUnreachable);
    },
  );

  it('tells a missing package from a missing network', async () => {
    await npmThat({ fails: 'E404' });
    const answer = fetchPackages([ABC], await temporaryFolder());
    await expect(answer).rejects.toThrow('npm pack @scope/abc@1.0.0 ended with code 1');
    await expect(answer).rejects.not.toBeInstanceOf(RegistryUnreachable);
  });
});

describe('the packages that decode images', () => {
  const ANYWHERE = ['@emnapi/runtime', '@img/colour', '@img/sharp-wasm32', 'detect-libc', 'semver', 'sharp', 'tslib'];
  const namesFor = (target: string | null): string[] => imagePackages(target).map(({ name }) => name);

  it('are those with WebAssembly, for every platform', () => {
    expect(namesFor(null)).toEqual(ANYWHERE);
  });

  // On Windows libvips is in the same package.
  it.each([
    ['linux-x64', ['@img/sharp-libvips-linux-x64', '@img/sharp-linux-x64']],
    ['linux-armhf', ['@img/sharp-libvips-linux-arm', '@img/sharp-linux-arm']],
    ['alpine-arm64', ['@img/sharp-libvips-linuxmusl-arm64', '@img/sharp-linuxmusl-arm64']],
    ['darwin-arm64', ['@img/sharp-darwin-arm64', '@img/sharp-libvips-darwin-arm64']],
    ['win32-x64', ['@img/sharp-win32-x64']],
  ])('are these and native code for %s', (target, native) => {
    expect(namesFor(target)).toEqual([...ANYWHERE, ...native].sort());
  });

  it('are pinned by their hashes on every platform', () => {
    // Those of `vsce package --help` but the web, where no process can be started.
    expect(TARGETS).toHaveLength(9);
    const hashes = TARGETS.flatMap((target) => imagePackages(target)).map(({ integrity }) => integrity);
    expect(hashes.filter((hash) => !hash.startsWith('sha512-'))).toEqual([]);
  });
});

describe('the readme of a package', () => {
  const isShipped = (path: string): boolean => path === 'LICENSE';

  it('leaves out pictures that are not packed, and keeps those of elsewhere', () => {
    const text = 'Before\n\n![Editor](media/a.png)\n\nBetween\n\n![Badge](https://example.com/b.png)\n\nAfter\n';
    const expected = 'Before\n\nBetween\n\n![Badge](https://example.com/b.png)\n\nAfter\n';
    expect(packagedReadme(text, isShipped)).toBe(expected);
  });

  it('has words for links to files that are not packed, and leaves them out of a row of links', () => {
    const text =
      'See [the tests](docs/testing.md) and [the terms](LICENSE).\n\n[Code](docs/a.md) · [Speed](docs/b.md) ·\n[Terms](LICENSE)';
    expect(packagedReadme(text, isShipped)).toBe('See the tests and [the terms](LICENSE).\n\n[Terms](LICENSE)');
  });

  it('tells which pictures are files, in Markdown and in HTML', () => {
    const text =
      '![a](one.png "title") [![b](two.png)](#x) <img width="3" src="three.png"> ![c](https://example.com/c.png)';
    expect(picturesIn(text)).toEqual(['one.png', 'two.png', 'three.png']);
  });
});
