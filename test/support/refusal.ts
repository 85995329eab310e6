import { expect } from 'vitest';
import { listing } from './folderListing.ts';
import { runCli } from './runCli.ts';

/**
 * Runs a command in `folder` that must be refused: one line on stderr, nothing on stdout or disk, exit code 2. Gives the
 * line.
 */
export async function refusalOf(args: string[], folder: string): Promise<string> {
  const before = await listing(folder);
  const { code, stdout, stderr } = await runCli(args, { cwd: folder });
  expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
  expect(await listing(folder)).toEqual(before);
  return stderr;
}
