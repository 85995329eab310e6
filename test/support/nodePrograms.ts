import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './provision.ts';

export interface NodeProgram {
  path: string;
  version: string;
}

/** The Node.js that runs the tests and, where VS Code is provided, the newer one that its extension host runs on. */
export function findNodes(): NodeProgram[] {
  const own = { path: process.execPath, version: process.version };
  const found = join(ROOT, 'build', 'provision.json');
  if (!existsSync(found)) return [own];
  const { server } = JSON.parse(readFileSync(found, 'utf8')) as { server: { node: string } | null };
  if (!server || !existsSync(server.node)) return [own];
  const version = spawnSync(server.node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return version === own.version ? [own] : [own, { path: server.node, version }];
}
