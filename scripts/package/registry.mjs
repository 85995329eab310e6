import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, root } from '../lib/project.mjs';

/** Archives that were fetched; their content is checked each time one is used. */
const CACHE = join(root, '.cache', 'packages');

/** npm's default is to try for over a minute. */
const PATIENCE = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=60000'];

/** Codes of npm that say nothing about a package: no network, or something on the way that refuses. */
const UNREACHABLE =
  /^(E(AI_AGAIN|CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|NOTCACHED|PIPE|TIMEDOUT|40[37]|5\d\d)|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/;

/** The package registry gave no answer, so it says nothing about what was asked for. */
export class RegistryUnreachable extends Error {}

/**
 * Fetches packages of exact versions from the package registry, through npm with its settings. Nothing of them is run.
 *
 * @param {{ name: string, version: string, integrity: string }[]} packages
 * @returns {Promise<string[]>} paths of their archives, in the same order
 * @throws {RegistryUnreachable}
 * @throws {Error} when npm says no, or a content is not the one that `integrity` names
 */
export async function fetchPackages(packages, cache = CACHE) {
  mkdirSync(cache, { recursive: true });
  const missing = packages.filter((each) => !isWhole(archiveOf(each, cache), each.integrity));
  for (const each of missing) rmSync(archiveOf(each, cache), { force: true });
  if (missing.length > 0) await pack(missing, cache);
  for (const each of missing) requireWhole(each, cache);
  return packages.map((each) => archiveOf(each, cache));
}

/** The name that `npm pack` gives. */
function archiveOf({ name, version }, cache) {
  return join(cache, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

function requireWhole(each, cache) {
  const archive = archiveOf(each, cache);
  if (isWhole(archive, each.integrity)) return;
  rmSync(archive, { force: true });
  throw new Error(`${each.name} ${each.version} as fetched is not what package-lock.json names: its hash differs.`);
}

/** @param {string} integrity hash with its algorithm before it, `sha512-…` in Base64 */
function isWhole(archive, integrity) {
  if (!existsSync(archive)) return false;
  const algorithm = integrity.slice(0, integrity.indexOf('-'));
  return `${algorithm}-${createHash(algorithm).update(readFileSync(archive)).digest('base64')}` === integrity;
}

async function pack(packages, cache) {
  const names = packages.map(({ name, version }) => `${name}@${version}`);
  const { command, args, options } = npmCommand(['pack', '--json', '--ignore-scripts', ...PATIENCE, ...names]);
  const { code, output } = await runQuietly(command, args, { ...options, cwd: cache });
  if (code === 0) return;
  const reason = /"code": *"(\w+)"/.exec(output)?.[1] ?? /npm (?:error|ERR!) code (\w+)/.exec(output)?.[1] ?? '';
  if (UNREACHABLE.test(reason)) throw new RegistryUnreachable(`npm cannot reach the package registry (${reason})`);
  throw new Error(`npm pack ${names.join(' ')} ended with code ${code}:\n${output.trim()}`);
}

function runQuietly(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/**
 * Unpacks the archive of a package with the `tar` of the system, which Windows, macOS and Linux have.
 *
 * @param {string} archive
 * @param {string} folder is made; the manifest of the package lies directly in it
 */
export function unpackPackage(archive, folder) {
  mkdirSync(folder, { recursive: true });
  return new Promise((resolve, reject) => {
    // The archive comes through the pipe: some tars take the colon of a Windows path for the end of a host's name.
    const args = ['-xzf', '-', '--strip-components=1', '--no-same-owner'];
    const child = spawn('tar', args, { cwd: folder, stdio: ['pipe', 'inherit', 'inherit'] });
    child.on('error', (error) => reject(new Error(`tar could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tar ended with code ${code} on ${archive}`));
    });
    // What it says of a pipe that closed early is in its exit code.
    child.stdin.on('error', () => undefined);
    createReadStream(archive).on('error', reject).pipe(child.stdin);
  });
}
