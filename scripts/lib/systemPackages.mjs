import { spawnSync } from 'node:child_process';
import { findOnPath } from './browser.mjs';
import { runLogged } from './runLogged.mjs';

/**
 * Whether this process may install packages of the system: root on a Debian-like Linux.
 */
export function canInstallPackages() {
  return process.platform === 'linux' && process.getuid?.() === 0 && findOnPath(['apt-get']) !== null;
}

/**
 * Those of some Debian packages that are not installed.
 *
 * @param {string[]} names
 */
export function missingPackages(names) {
  return names.filter((name) => {
    const { stdout } = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}', name], { encoding: 'utf8' });
    return stdout !== 'installed';
  });
}

/** The command a user would type for it. */
export function installCommand(names) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get update && ${sudo}apt-get install -y ${names.join(' ')}`;
}

/**
 * Installs Debian packages.
 *
 * @param {string[]} names
 * @param {{ log: (line: string) => void, logFile: string }} report
 * @throws {Error} with the last lines of apt-get
 */
export async function installPackages(names, report) {
  const options = { ...report, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const title = `Installing packages of the system: ${names.join(' ')}`;
  await runLogged('Reading the list of packages of the system', 'apt-get', ['update'], options);
  // Another installation may be under way on this machine.
  const install = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', ...names];
  await runLogged(title, 'apt-get', install, options);
}
