/**
 * Seconds of processor time that `work` takes, of all threads of this process. On an idle machine that is the
 * wall time of work on one thread; on a busy one it leaves out the time in which other processes ran.
 */
export function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
