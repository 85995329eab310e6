import { type CacheStatus, cacheStatus, clearCache } from '../node/featureCache/cacheFolder.ts';
import { formatBytes } from '../shared/format.ts';
import { EXIT_DONE, EXIT_INPUT } from './commands.ts';
import { counted, createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

/** `thaw cache [status|clear]` */
export async function cacheCommand(action: string, options: CommonOptions): Promise<number> {
  const output = createOutput(options);
  if (action !== 'status' && action !== 'clear') {
    process.stderr.write(`There is no "thaw cache ${action}": say thaw cache status or thaw cache clear.\n`);
    return EXIT_INPUT;
  }
  const freedBytes = action === 'clear' ? await clearCache() : null;
  const status = await cacheStatus();
  output.object({ ...status, ...(freedBytes === null ? {} : { freedBytes }) });
  output.line(freedBytes === null ? describeStatus(status) : `${formatBytes(freedBytes)} freed in ${status.directory}`);
  return EXIT_DONE;
}

function describeStatus({ directory, bytes, limitBytes, entries, enabled }: CacheStatus): string {
  const off = enabled ? '' : '; switched off by THAW_FEATURE_CACHE or THAW_CACHE_LIMIT_MB';
  return `${formatBytes(bytes)} of ${formatBytes(limitBytes)} in ${counted(entries, 'file')} of ${directory}${off}`;
}
