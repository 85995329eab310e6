import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Folder for what can be fetched again: THAW_CACHE_DIR, else the cache folder of the system.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (environment.THAW_CACHE_DIR) return resolve(environment.THAW_CACHE_DIR);
  if (platform === 'win32') return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'thaw', 'cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'thaw');
  return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'thaw');
}
