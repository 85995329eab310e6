import { spawn } from 'node:child_process';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesIn } from '../../scripts/package/contents.mjs';
import { vsixPath } from '../../scripts/package/vsixPath.mjs';
import { ROOT } from './provision.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** Exit code of `scripts/package.mjs` where the package registry cannot be reached. */
const UNREACHABLE = 3;

interface Packing {
  code: number | null;
  output: string;
}

/** Of this process. */
let packing: Promise<Packing> | undefined;

/** Set-up of the suite that tests the packed extension, so that no test waits for it to be packed. */
export async function setup(): Promise<void> {
  // Each test says for itself what it misses, or what is wrong with the package.
  await pack();
}

/**
 * The extension as it is packed for every platform; made anew when something it is made of has changed. Where the
 * package registry cannot be reached the test is skipped with the reason; on CI it fails.
 *
 * @returns path of the VSIX
 */
export async function universalVsix(skip: (reason: string) => void): Promise<string> {
  const { code, output } = await (packing ??= pack());
  if (code === 0) return vsixPath(null);
  if (code !== UNREACHABLE) throw new Error(output);
  const reason = `${output.trim()}, so the extension cannot be packed (npm run package)`;
  if (process.env.CI !== 'true') skip(reason);
  throw new Error(reason);
}

/** The packed extension, unpacked where nothing of the project can be found by going up. */
export async function unpackedExtension(skip: (reason: string) => void): Promise<string> {
  const files = filesIn(await universalVsix(skip));
  const folder = await realpath(await temporaryFolder());
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function pack(): Promise<Packing> {
  return new Promise((resolve, reject) => {
    const args = ['scripts/package.mjs', '--if-changed'];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
