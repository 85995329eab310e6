import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { root, runNode } from '../lib/project.mjs';
import { imagePackages } from './imagePackages.mjs';
import { packagedReadme } from './readme.mjs';
import { fetchPackages, unpackPackage } from './registry.mjs';

/** Copied as they are; of these, `.vscodeignore` says what is packed. */
const COPIED = [
  ...['.vscodeignore', 'package.nls.json', 'l10n', 'media'],
  ...['CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_NOTICES.md'],
];

/** Parts of packages that nothing here reads when it runs: types, maps, sources and what compiles them. */
const UNREAD = /\.(map|d\.[cm]?ts)$|^node_modules\/sharp\/(src|install|lib)\/|\/include\//;

/**
 * Makes the folder that a package is made of. The programs are built into it, so that those in dist/ are left alone.
 *
 * @param {string | null} target a platform, see `imagePackages`; null for all of them
 * @param {string} folder is emptied
 * @throws {import('./registry.mjs').RegistryUnreachable}
 * @throws {Error} when the programs cannot be built, or a package is not what it should be
 */
export async function stageExtension(target, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const programs = join(folder, 'dist');
  await addImagePackages(target, programs);
  const code = await runNode('esbuild.mjs', ['--production', `--outdir=${relative(root, programs)}`]);
  if (code !== 0) throw new Error('The programs could not be built.');
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  writeManifest(folder);
  await writeReadme(folder);
}

async function addImagePackages(target, programs) {
  const packages = imagePackages(target);
  const archives = await fetchPackages(packages);
  for (const [index, { path }] of packages.entries()) await unpackPackage(archives[index], join(programs, path));
  for (const path of readdirSync(programs, { recursive: true })) {
    if (UNREAD.test(path.replaceAll('\\', '/'))) rmSync(join(programs, path), { force: true, recursive: true });
  }
}

/** Scripts are for the folder of the project; vsce would run one of them. */
function writeManifest(folder) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  delete manifest.scripts;
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function writeReadme(folder) {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), readme);
  const shipped = new Set(await listFiles({ cwd: folder, packageManager: PackageManager.None }));
  writeFileSync(
    join(folder, 'README.md'),
    packagedReadme(readme, (path) => shipped.has(path)),
  );
}
