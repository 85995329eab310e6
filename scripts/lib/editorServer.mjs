import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';

const START_SECONDS = 60;
const END_SECONDS = 3;

/** Nothing that opens by itself, and nothing that writes to anyone. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
};

/**
 * Starts VS Code for the browser on an address that only this machine reaches, with a profile of its own.
 *
 * @param {{ node: string, entry: string }} programs from `provisionServer`
 * @param {object} options
 * @param {string} options.data folder of the profile; settings in it are kept
 * @param {number} [options.port] default: a free one
 * @param {boolean} [options.askTrust] asks whether a folder is trusted, as VS Code does; otherwise every folder is
 * @param {boolean} [options.withThaw] default: loads Thaw from the folder of the project
 * @param {string} [options.vsix] installs Thaw from a package instead
 * @param {string[]} [options.extensions] folders of further extensions
 * @param {Record<string, unknown>} [options.settings] of the user
 * @param {Record<string, string>} [options.environment] variables besides those of this process
 * @returns {Promise<{ address: string, data: string, ended: Promise<number>, stop: () => Promise<void> }>} `stop` leaves no process
 */
export async function startEditorServer(
  { node, entry },
  { data, port = 0, askTrust = false, withThaw = true, vsix, extensions = [], settings, environment: variables },
) {
  writeProfile(data, { 'security.workspace.trust.enabled': askTrust, ...settings }, [
    ...(withThaw && !vsix ? [root] : []),
    ...extensions,
  ]);
  if (vsix) installExtension({ node, entry }, data, vsix);
  const child = spawn(
    node,
    [
      entry,
      ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
      ...profileArguments(data),
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(askTrust ? [] : ['--disable-workspace-trust']),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group, so that Ctrl-C reaches this process first and everything it started is ended with it.
      detached: true,
      env: { ...environment(), ...variables },
    },
  );
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  const stop = async () => {
    signalGroup(child, 'SIGTERM');
    const limit = setTimeout(() => signalGroup(child, 'SIGKILL'), END_SECONDS * 1000);
    await ended;
    clearTimeout(limit);
    signalGroup(child, 'SIGKILL');
  };
  try {
    return { address: await listening(child), data, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function profileArguments(data) {
  const files = ['--config', join(data, 'config.yaml'), '--user-data-dir', data];
  return [...files, '--extensions-dir', join(data, 'extensions')];
}

/** A server started from a terminal of VS Code would hand its arguments on to that one. */
function environment() {
  return { ...process.env, VSCODE_IPC_HOOK_CLI: '', NODE_OPTIONS: '' };
}

function installExtension({ node, entry }, data, vsix) {
  const args = [entry, ...profileArguments(data), '--install-extension', vsix];
  const { status, stdout, stderr } = spawnSync(node, args, { env: environment(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`VS Code did not install ${vsix}:\n${stdout}${stderr}`);
}

function writeProfile(data, settings, folders) {
  const file = join(data, 'User', 'settings.json');
  mkdirSync(join(data, 'User'), { recursive: true });
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
  const extensions = join(data, 'extensions');
  // VS Code would believe its list of an older version of Thaw.
  rmSync(extensions, { recursive: true, force: true });
  mkdirSync(extensions);
  for (const folder of folders) {
    const { publisher, name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    symlinkSync(folder, join(extensions, `${publisher}.${name}-${version}`), 'dir');
  }
}

function listening(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what) => {
      clearTimeout(limit);
      reject(new Error(`VS Code ${what}:\n${output.trim()}`));
    };
    const limit = setTimeout(() => fail(`did not answer within ${START_SECONDS} s`), START_SECONDS * 1000);
    const read = (chunk) => {
      output = `${output}${chunk}`.slice(-4000);
      const address = /HTTP server listening on (http:\/\/[\d.:]+)/.exec(output)?.[1];
      if (!address) return;
      clearTimeout(limit);
      resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code}`));
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}
