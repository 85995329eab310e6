/**
 * Writes THIRD_PARTY_NOTICES.md: what is shipped besides Thaw's own files, and under which terms.
 *
 *   node scripts/writeNotices.mjs
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/project.mjs';
import { imagePackages, TARGETS } from './package/imagePackages.mjs';
import { fetchPackages, unpackPackage } from './package/registry.mjs';

/** Packages that are shipped but not installed here are unpacked there. */
const UNPACKED = join(root, 'build', 'notices');

/** Packages that ship no file with their licence, and what they state elsewhere. */
const STATED_ELSEWHERE = {
  ...Object.fromEntries(
    ['element', 'foundation', 'react-wrapper', 'web-utilities'].map((part) => [
      `@microsoft/fast-${part}`,
      'Copyright (c) Microsoft Corporation. The MIT License with the text given for zod.',
    ]),
  ),
  '@tensorflow/tfjs-backend-cpu': 'Copyright Google LLC. Apache License 2.0: see LICENSE.',
  '@tensorflow/tfjs-backend-wasm': 'Copyright Google LLC. Apache License 2.0: see LICENSE.',
  '@tensorflow/tfjs-core': 'Copyright Google LLC. Apache License 2.0: see LICENSE.',
  '@tensorflow/tfjs-layers':
    'Copyright Google LLC. Apache License 2.0 (see LICENSE) and, for the parts that follow Keras, the MIT License with the text given for zod.',
  '@tensorflow/tfjs-node': 'Copyright Google LLC. Apache License 2.0: see LICENSE.',
  '@vscode/l10n': 'Copyright (c) Microsoft Corporation. The MIT License with the text given for zod.',
  seedrandom: 'Copyright 2019 David Bau. The MIT License with the text given for zod.',
  tr46: 'Copyright Sebastian Mayr. The MIT License with the text given for zod.',
};

/** Shipped although npm leaves them out of an installation of that kind: the native engine is made of them. */
const ENGINE_PACKAGES = [
  'node_modules/@tensorflow/tfjs-node',
  'node_modules/google-protobuf',
  'node_modules/node-api-headers',
];

/** Packages that `npm ci --omit=dev --omit=optional` installs; those with types only leave nothing in the programs. */
function shippedPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => !/node_modules\/@(types|webgpu)\//.test(path))
    .sort();
}

function readPackage(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name, version, licence: license, text: licenceText(name, folder) };
}

/** The packages with WebAssembly for `sharp`, which npm leaves out where there is native code. */
async function unpackPortable(installed) {
  const packages = imagePackages(null).filter(({ path }) => !installed.includes(path));
  const archives = await fetchPackages(packages);
  rmSync(UNPACKED, { recursive: true, force: true });
  const folders = packages.map(({ path }) => join(UNPACKED, path));
  for (const [index, folder] of folders.entries()) await unpackPackage(archives[index], folder);
  return folders;
}

/** Those with native code, of which a packed extension holds one platform's: their licences are named above. */
function nativePackages() {
  const portable = new Set(imagePackages(null).map(({ path }) => path));
  const packages = TARGETS.flatMap((target) => imagePackages(target)).filter(({ path }) => !portable.has(path));
  return packages.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What is compiled into the WebAssembly, from the list of terms in its readme and that of versions beside it. */
function librariesIn(folder) {
  const versions = JSON.parse(readFileSync(join(folder, 'versions.json'), 'utf8'));
  const rows = readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| ([a-z][\w-]*) +\| (.*?) *\|$/gm);
  const libraries = [...rows].map(([, name, terms]) => ({ name, version: versions[versionKey(name)], terms }));
  const listed = libraries.filter(({ version }) => version !== undefined).length;
  if (listed !== Object.keys(versions).length) throw new Error(`The readme in ${folder} leaves out a library.`);
  // One library is part of another and has no version of its own.
  return libraries.map(({ name, version = '', terms }) => `| ${name} | ${version} | ${terms} |`);
}

function versionKey(library) {
  return library === 'libultrahdr' ? 'uhdr' : library.replace(/^lib/, '');
}

function licenceText(name, folder) {
  const file = existsSync(folder) && readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  if (!file) {
    if (STATED_ELSEWHERE[name] === undefined)
      throw new Error(`${name} has no licence file: say in this script what it states.`);
    return STATED_ELSEWHERE[name];
  }
  const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  return isApache(text) ? apacheText(text) : text;
}

function isApache(text) {
  return /Apache License/.test(text) && /Version 2\.0, January 2004/.test(text);
}

/** The licence itself stands in LICENSE once; what a package adds to it is the holder of the copyright. */
function apacheText(text) {
  const holder = /^\s*Copyright (?![[{]|notice|owner|license).*$/m.exec(text)?.[0].trim();
  return `${holder ? `${holder}\n` : ''}Apache License 2.0: see LICENSE.`;
}

const row = ({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`;
const table = (first, rows) => [`| ${first} | version | licence |`, '|---|---|---|', ...rows].join('\n');
const verbatim = (file) =>
  ['```text', readFileSync(join(root, 'scripts', 'notices', file), 'utf8').trimEnd(), '```'].join('\n');

const installed = [...shippedPackages(), ...ENGINE_PACKAGES].sort();
const portable = await unpackPortable(installed);
const packages = [...installed.map((path) => join(root, path)), ...portable].map(readPackage);
const texts = packages.map(({ name, text }) => `### ${name}\n\n\`\`\`text\n${text}\n\`\`\``);
const introduction = readFileSync(join(root, 'scripts', 'notices', 'introduction.md'), 'utf8').trim();
const notices = [
  introduction,
  '## Packages',
  table('package', packages.map(row)),
  '## Packages with native code, of which an extension packed for one platform holds those of that platform',
  table('package', nativePackages().map(row)),
  '## Libraries inside @img/sharp-wasm32',
  table('library', librariesIn(join(UNPACKED, 'node_modules', '@img', 'sharp-wasm32'))),
  '## Licences of the packages',
  ...texts,
  '## GNU Lesser General Public License 3.0',
  verbatim('lgpl-3.0.txt'),
  '## GNU General Public License 3.0',
  verbatim('gpl-3.0.txt'),
];
writeFileSync(join(root, 'THIRD_PARTY_NOTICES.md'), `${notices.join('\n\n')}\n`);
console.log(`THIRD_PARTY_NOTICES.md names ${packages.length} packages`);
