import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Programs on the path, the plainest first. */
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'brave-browser',
];

const APPLICATIONS = [
  ['Google Chrome.app', 'Google Chrome'],
  ['Chromium.app', 'Chromium'],
  ['Microsoft Edge.app', 'Microsoft Edge'],
];

const WINDOWS_PROGRAMS = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];

/**
 * The Chrome, Chromium or Edge of this machine: the one named in CHROME_PATH, else one on the path or in its usual place.
 *
 * @returns {string | null} absolute path of the program
 * @throws {Error} when CHROME_PATH names something that is no program: nobody wants another one taken silently
 */
export function findBrowser(env = process.env, platform = process.platform) {
  if (env.CHROME_PATH) {
    if (isProgram(env.CHROME_PATH)) return env.CHROME_PATH;
    throw new Error(`CHROME_PATH is ${env.CHROME_PATH}, where there is no program.`);
  }
  return candidates(env, platform).find(isProgram) ?? null;
}

/**
 * The first of several programs that is on the path.
 *
 * @param {string[]} names
 * @returns {string | null} absolute path of the program
 */
export function findOnPath(names, env = process.env) {
  return onPath(names, env).find(isProgram) ?? null;
}

function candidates(env, platform) {
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean);
    return WINDOWS_PROGRAMS.flatMap((program) => folders.map((folder) => `${folder}\\${program}`));
  }
  const named = onPath(NAMES, env);
  if (platform !== 'darwin') return named;
  const folders = ['/Applications', join(env.HOME ?? '/', 'Applications')];
  const applications = APPLICATIONS.flatMap(([bundle, name]) =>
    folders.map((folder) => join(folder, bundle, 'Contents', 'MacOS', name)),
  );
  return [...applications, ...named];
}

function onPath(names, env) {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(isAbsolute);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
