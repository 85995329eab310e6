/** Added in Node.js 23.9, and VS Code brings a newer one. */
interface ThreadCpuUsage {
  threadCpuUsage(): { user: number; system: number };
}

/**
 * Milliseconds of processor time that this thread has used: what code costs, whatever else the machine does meanwhile.
 */
export function threadMilliseconds(): number {
  const { user, system } = (process as unknown as ThreadCpuUsage).threadCpuUsage();
  return (user + system) / 1000;
}
