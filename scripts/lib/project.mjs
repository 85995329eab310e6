import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the root of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const OLDEST_NODE = [20, 9];

/** Ends the process with one sentence when this Node.js is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  console.error(
    `Thaw needs Node.js ${OLDEST_NODE.join('.')} or newer and this is ${process.versions.node}. ` +
      'Install a current version from nodejs.org and run the command again.',
  );
  process.exit(2);
}

/**
 * How npm is called here: the npm that runs this script if there is one, otherwise the one on the path, which on
 * Windows is a batch file and needs a shell.
 *
 * @param {string[]} args
 */
export function npmCommand(args) {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.c?js$/.test(running))
    return { command: process.execPath, args: [running, ...args], options: {} };
  return { command: 'npm', args, options: { shell: process.platform === 'win32' } };
}

/**
 * Runs a program with the terminal of this one, in the root of the project. Ctrl-C reaches the program itself, which
 * decides what to finish first, so this process only waits.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>} exit code; 128 and the signal's number where a signal ended it, 127 where it did not start
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const wait = () => undefined;
    process.on('SIGINT', wait);
    const finish = (code) => {
      process.off('SIGINT', wait);
      resolve(code);
    };
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      finish(127);
    });
    child.on('exit', (code, signal) => finish(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 0)));
  });
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

/** Runs a JavaScript file of the project, or of a package, with this Node.js. */
export function runNode(script, args = [], options = {}) {
  return run(process.execPath, [script, ...args], options);
}

/**
 * Installs the dependencies when they are missing or older than package-lock.json.
 *
 * @returns {Promise<boolean>} false when that failed; the reason has been printed
 */
export async function installIfNeeded() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && modified(installed) >= modified(join(root, 'package-lock.json'))) return true;
  console.error('Installing dependencies (npm ci) ...');
  const { command, args, options } = npmCommand(['ci']);
  const code = await run(command, args, options);
  if (code === 0) return true;
  console.error(
    `npm ci ended with code ${code}, so the dependencies are not complete. ` +
      'The lines above say why; most often the package registry cannot be reached. Then run the command again.',
  );
  return false;
}

function modified(path) {
  return statSync(path).mtimeMs;
}
