/**
 * Packs the extension into build/, and checks what is in it.
 *
 *   npm run package                           for every platform: images are decoded by WebAssembly
 *   npm run package -- --target linux-x64     for one platform, with native code beside it
 *   node scripts/package.mjs --if-changed     only when something it is made of is newer than it
 *
 * The exit code is 3 when the package registry cannot be reached and 1 when anything else is wrong.
 */
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import { newestTime, timeOf } from './lib/fileTimes.mjs';
import { withLock } from './lib/lock.mjs';
import { requireNode, root } from './lib/project.mjs';
import { filesIn, megabytes, packageProblems } from './package/contents.mjs';
import { TARGETS } from './package/imagePackages.mjs';
import { RegistryUnreachable } from './package/registry.mjs';
import { stageExtension } from './package/stage.mjs';
import { vsixPath } from './package/vsixPath.mjs';

const UNREACHABLE = 3;
const BUILD = join(root, 'build', 'package');

/** What a package is made of. */
const SOURCES = [
  ...['src', 'webview', 'l10n', 'media', 'esbuild.mjs', 'scripts/package', 'scripts/package.mjs', '.vscodeignore'],
  ...['package.json', 'package.nls.json', 'package-lock.json'],
  ...['README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_NOTICES.md'],
];

async function pack(target) {
  const name = target ?? 'universal';
  const folder = join(BUILD, name);
  const unchecked = join(BUILD, `${name}.vsix`);
  await stageExtension(target, folder);
  await createVSIX({
    cwd: folder,
    packagePath: unchecked,
    ...(target === null ? {} : { target }),
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const files = filesIn(unchecked);
  const bytes = statSync(unchecked).size;
  const problems = packageProblems(files, { target, bytes });
  if (problems.length > 0) throw new Error(`The package is not as it should be:\n  ${problems.join('\n  ')}`);
  renameSync(unchecked, vsixPath(target));
  console.log(`${vsixPath(target)}: ${Object.keys(files).length} files, ${megabytes(bytes)}`);
}

function chosenTarget(target) {
  if (target === undefined) return null;
  if (TARGETS.includes(target)) return target;
  throw new Error(`There is no package for ${target}; there is one for each of ${TARGETS.join(', ')}.`);
}

requireNode();
try {
  const { values } = parseArgs({ options: { target: { type: 'string' }, 'if-changed': { type: 'boolean' } } });
  const target = chosenTarget(values.target);
  mkdirSync(BUILD, { recursive: true });
  await withLock(
    join(BUILD, 'lock'),
    (owner) => console.error(`Process ${owner} is packing already; waiting for it.`),
    async () => {
      const sources = SOURCES.map((path) => join(root, path));
      const isCurrent = values['if-changed'] && timeOf(vsixPath(target)) > newestTime(sources);
      if (!isCurrent) await pack(target);
    },
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = error instanceof RegistryUnreachable ? UNREACHABLE : 1;
}
