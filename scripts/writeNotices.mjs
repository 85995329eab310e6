/**
 * Writes THIRD_PARTY_NOTICES.md: what is shipped besides Thaw's own files, and under which terms.
 *
 *   node scripts/writeNotices.mjs
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/project.mjs';

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
  '@vscode/l10n': 'Copyright (c) Microsoft Corporation. The MIT License with the text given for zod.',
  seedrandom: 'Copyright 2019 David Bau. The MIT License with the text given for zod.',
  tr46: 'Copyright Sebastian Mayr. The MIT License with the text given for zod.',
};

/** Packages that `npm ci --omit=dev --omit=optional` installs; those with types only leave nothing in the programs. */
function shippedPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => !/node_modules\/@(types|webgpu)\//.test(path))
    .sort();
}

function readPackage(path) {
  const folder = join(root, path);
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name, version, license, text: licenceText(name, folder) };
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

const packages = shippedPackages().map(readPackage);
const table = packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
const texts = packages.map(({ name, text }) => `### ${name}\n\n\`\`\`text\n${text}\n\`\`\``);
const introduction = readFileSync(join(root, 'scripts', 'notices', 'introduction.md'), 'utf8').trim();
const notices = [
  introduction,
  '## Packages',
  ['| package | version | licence |', '|---|---|---|', ...table].join('\n'),
  '## Licences of the packages',
  ...texts,
];
writeFileSync(join(root, 'THIRD_PARTY_NOTICES.md'), `${notices.join('\n\n')}\n`);
console.log(`THIRD_PARTY_NOTICES.md names ${packages.length} packages`);
