import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesIn, packageProblems } from '../../scripts/package/contents.mjs';
import { universalVsix } from '../support/vsix.ts';

const EVERY_PLATFORM = { target: null, bytes: 1 };
const PACKAGES = 'dist/node_modules';

describe('the packed extension', () => {
  it('holds all it needs and nothing else, and is small enough', async ({ skip }) => {
    const vsix = await universalVsix(skip);
    expect(packageProblems(filesIn(vsix), { target: null, bytes: statSync(vsix).size })).toEqual([]);
  });

  it('names every library of its image decoder, with its version and terms', async ({ skip }) => {
    const files = filesIn(await universalVsix(skip));
    const text = (path: string): string => new TextDecoder().decode(files[path]);
    const versions = JSON.parse(text(`${PACKAGES}/@img/sharp-wasm32/versions.json`)) as Record<string, string>;
    expect(Object.keys(versions)).toContain('vips');
    const notices = text('THIRD_PARTY_NOTICES.md');
    const isNamed = (version: string): boolean => new RegExp(`^\\| [\\w-]+ \\| ${version} \\| \\S`, 'm').test(notices);
    expect(Object.entries(versions).filter(([, version]) => !isNamed(version))).toEqual([]);
  });
});

describe('the check of a package', () => {
  it.for<[string, RegExp, string]>([
    ['a program', /^dist\/freezeProof\.js$/, 'dist/freezeProof.js is missing.'],
    ['an icon that the manifest names', /^media\/icons\//, 'media/icons/thaw.svg is missing.'],
    ['the WebAssembly of sharp', /@img\/sharp-wasm32\/lib\/.*\.wasm$/, 'The WebAssembly of sharp is missing.'],
  ])('sees that %s is missing', async ([, pattern, problem], { skip }) => {
    const files = await changedFiles(skip, { without: pattern });
    expect(packageProblems(files, EVERY_PLATFORM)).toEqual([problem]);
  });

  it.for([
    ['a map', 'dist/trainer.js.map'],
    ['types', `${PACKAGES}/sharp/dist/index.d.ts`],
    ['a test', 'test/unit/random.test.js'],
    ['a picture of the editor', 'media/screenshots/dark-1400.png'],
    ['another package', `${PACKAGES}/typescript/package.json`],
  ])('sees %s that should not be there', async ([, path], { skip }) => {
    const files = await changedFiles(skip, { added: { [path]: '{}' } });
    expect(packageProblems(files, EVERY_PLATFORM)).toEqual([`${path} is nothing for a user.`]);
  });

  it('sees native code where every platform is meant, and its absence where one is', async ({ skip }) => {
    const path = `${PACKAGES}/sharp/sharp.node`;
    const files = await changedFiles(skip, { added: { [path]: '' } });
    expect(packageProblems(files, EVERY_PLATFORM)).toEqual([
      `${path} is native code, which runs on one platform only.`,
    ]);
    expect(packageProblems(await changedFiles(skip, {}), { target: 'linux-x64', bytes: 1 })).toEqual([
      'The native code of sharp for linux-x64 is missing.',
      expect.stringMatching(/^@img\/sharp-libvips-linux-x64 should be .* and is missing\.$/),
      expect.stringMatching(/^@img\/sharp-linux-x64 should be .* and is missing\.$/),
    ]);
  });

  it('sees a package of another version, a picture that is not there, and too large a package', async ({ skip }) => {
    const files = await changedFiles(skip, {
      added: { [`${PACKAGES}/semver/package.json`]: '{ "version": "5.0.0" }', 'readme.md': '![x](media/x.png)' },
    });
    expect(packageProblems(files, { target: null, bytes: 50e6 })).toEqual([
      expect.stringMatching(/^semver should be .* and is 5\.0\.0\.$/),
      'The readme shows media/x.png, which is missing.',
      'It has 50.0 MB, and 10 MB should do.',
    ]);
  });
});

interface Changes {
  /** Leaves out the files whose path matches. */
  without?: RegExp;
  added?: Record<string, string>;
}

/** The files of the packed extension with something wrong about them. */
async function changedFiles(
  skip: (reason: string) => void,
  { without, added = {} }: Changes,
): Promise<Record<string, Uint8Array>> {
  const files = Object.entries(filesIn(await universalVsix(skip))).filter(([path]) => !without?.test(path));
  const more = Object.entries(added).map(([path, text]) => [path, new TextEncoder().encode(text)] as const);
  return Object.fromEntries([...files, ...more]);
}
