import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { BUILT_FILES } from '../lib/programs.mjs';
import { imagePackages } from './imagePackages.mjs';
import { picturesIn } from './readme.mjs';

/** Megabytes that nobody should have to wait for. Measured sizes are in docs/packaging.md. */
const LARGEST = { everyPlatform: 10, onePlatform: 20 };

const ENGINE = [
  ...['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'],
  ...['tfjs-backend-wasm-threaded-simd.cjs', 'tfjs-backend-wasm-threaded-simd.worker.cjs'],
];
/** What the native engine is compiled from; these two stand for all of them. */
const NATIVE_SOURCES = ['binding/tfjs_backend.cc', 'node-api/node_api.h'];
const CORNERS = ['clothing-few', 'clothing-many', 'digits-few', 'digits-many'];

/** Without one of these something does not work. vsce renames the readme, the list of changes and the licence. */
const NEEDED = [
  ...['package.json', 'package.nls.json', 'readme.md', 'changelog.md', 'LICENSE.txt', 'THIRD_PARTY_NOTICES.md'],
  'l10n/bundle.l10n.json',
  ...[...BUILT_FILES, ...ENGINE].map((name) => `dist/${name}`),
  ...NATIVE_SOURCES.map((name) => `dist/native-sources/${name}`),
  ...['catalog.json', 'plan.schema.json'].map((name) => `media/${name}`),
  ...['model.json', 'weights.bin', 'metadata.json'].map((name) => `media/digits_backbone/${name}`),
  ...CORNERS.flatMap((name) => [`media/sample/${name}.zip`, `media/sample/${name}.finetune.json`]),
];

/** What may be there besides: translations, and pictures that the manifest names. */
const MAY_BE_THERE =
  /^(package\.nls\.[\w-]+\.json|l10n\/bundle\.l10n\.[\w-]+\.json|media\/(icons|walkthrough)\/\w+\.svg)$/;

/** Of use where the native engine is compiled. */
const CPP = /^dist\/native-sources\/(binding\/\w+\.(cc|h)|node-api\/\w+\.h)$/;

/** Never of use to a user, wherever it lies. */
const FOR_DEVELOPERS = /\.(map|ts|mts|cts|tsx|tgz|vsix|log|h|cc)$|(^|\/)(test|tests|screenshots|\.[^/]+)(\/|$)/;
const NATIVE_CODE = /\.(node|dylib|dll|exe|so(\.\d+)*)$/;

/**
 * The files of a packed extension, by their path in it.
 *
 * @param {string} path of the VSIX
 * @returns {Record<string, Uint8Array>}
 */
export function filesIn(path) {
  const root = 'extension/';
  const files = Object.entries(unzipSync(readFileSync(path))).filter(([name]) => name.startsWith(root));
  return Object.fromEntries(files.map(([name, content]) => [name.slice(root.length), content]));
}

/**
 * What is wrong with a packed extension: files it needs and lacks, files it should not have, packages of another
 * version than package-lock.json names, native code where there should be none, pictures of the readme that are not
 * there, and its size.
 *
 * @param {Record<string, Uint8Array>} files from `filesIn`
 * @param {{ target: string | null, bytes: number }} packed platform it is for, and size of the VSIX
 * @returns {string[]} one sentence each; none when all is well
 */
export function packageProblems(files, { target, bytes }) {
  const packages = imagePackages(target);
  return [
    ...missing(files, target),
    ...foreign(files, packages),
    ...packages.flatMap((each) => otherVersion(files, each)),
    ...nativeCode(files, target),
    ...missingPictures(files),
    ...tooLarge(bytes, target),
  ];
}

function missing(files, target) {
  const decoder = ['sharp/dist/index.mjs', '@img/sharp-wasm32/index.cjs', '@img/sharp-wasm32/README.md'];
  const needed = new Set([...NEEDED, ...named(files), ...decoder.map((path) => `dist/node_modules/${path}`)]);
  const wasm = Object.keys(files).some((path) => /@img\/sharp-wasm32\/lib\/[^/]+\.wasm$/.test(path));
  const native = target === null || Object.keys(files).some((path) => path.endsWith('.node'));
  return [
    ...[...needed].filter((path) => !files[path]).map((path) => `${path} is missing.`),
    ...(wasm ? [] : ['The WebAssembly of sharp is missing.']),
    ...(native ? [] : [`The native code of sharp for ${target} is missing.`]),
  ];
}

/** Files that the manifest of the extension names. */
function named(files) {
  const { main, icon, contributes = {} } = readJson(files, 'package.json');
  const { views = {}, viewsContainers = {}, jsonValidation = [], walkthroughs = [] } = contributes;
  const icons = [...Object.values(views), ...Object.values(viewsContainers)].flat().map((each) => each.icon);
  const media = walkthroughs.flatMap(({ steps }) => steps).map((step) => step.media.svg);
  const paths = [main, icon, ...icons, ...media, ...jsonValidation.map(({ url }) => url)];
  return paths.filter((path) => path !== undefined).map((path) => path.replace(/^\.\//, ''));
}

function foreign(files, packages) {
  const known = new Set([...NEEDED, ...named(files)]);
  const folders = packages.map(({ path }) => `dist/${path}/`);
  const isExpected = (path) =>
    known.has(path) || MAY_BE_THERE.test(path) || CPP.test(path) || folders.some((folder) => path.startsWith(folder));
  return Object.keys(files)
    .filter((path) => !isExpected(path) || (FOR_DEVELOPERS.test(path) && !CPP.test(path)))
    .map((path) => `${path} is nothing for a user.`);
}

function otherVersion(files, { path, name, version }) {
  const found = readJson(files, `dist/${path}/package.json`).version;
  return found === version ? [] : [`${name} should be ${version} and is ${found ?? 'missing'}.`];
}

function nativeCode(files, target) {
  if (target !== null) return [];
  const native = Object.keys(files).filter((path) => NATIVE_CODE.test(path));
  return native.map((path) => `${path} is native code, which runs on one platform only.`);
}

function missingPictures(files) {
  const pictures = picturesIn(readText(files, 'readme.md'));
  return pictures.filter((path) => !files[path]).map((path) => `The readme shows ${path}, which is missing.`);
}

function tooLarge(bytes, target) {
  const most = target === null ? LARGEST.everyPlatform : LARGEST.onePlatform;
  return bytes <= most * 1e6 ? [] : [`It has ${megabytes(bytes)}, and ${most} MB should do.`];
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function readText(files, path) {
  return new TextDecoder().decode(files[path] ?? new Uint8Array());
}

function readJson(files, path) {
  return files[path] ? JSON.parse(readText(files, path)) : {};
}
