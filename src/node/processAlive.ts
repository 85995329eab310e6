import { readFileSync } from 'node:fs';
import { errorCode } from './atomicFile.ts';

/**
 * Whether a process is still at work. One that has ended counts as gone also while nobody has asked for its exit code,
 * which in a container may be forever.
 */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return linuxState(processId) !== 'Z';
}

/** The letter Linux gives the state of a process (proc_pid_stat(5)); empty on other systems. */
function linuxState(processId: number): string {
  try {
    const status = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // The name before it stands in parentheses and may itself hold any character.
    return status.charAt(status.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}
