import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, as every other process can tell it apart. */
export interface ProcessIdentity {
  readonly pid: number;
  /**
   * When it started (clock ticks since the boot), so that a pid which the system gave out again is not taken
   * for its old owner.
   */
  readonly start: string;
  /** Where its pid means this process: the PID namespace and the boot of the machine. */
  readonly space: string;
  readonly host: string;
}

/** Of a system that does not tell where a pid is valid, although it has PID namespaces. */
const UNKNOWN = 'unknown';

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    start: processStatus(process.pid)?.start ?? '0',
    space: ownSpace(),
    host: hostname(),
  };
}

/**
 * Whether the pid of the one means the same process to the other; containers and machines number their
 * processes each for itself.
 */
export function shareProcesses(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.host === b.host && a.space === b.space && a.space !== UNKNOWN;
}

/** Whether a process is alive that shares its pids with this one. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const status = processStatus(pid);
  // A zombie was killed already; only its parent has not asked yet.
  return status === undefined || (status.state !== 'Z' && status.start === start);
}

function ownSpace(): string {
  if (process.platform !== 'linux') return 'machine';
  try {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${namespace}-${boot}`;
  } catch {
    return UNKNOWN;
  }
}

/** State and start time of a process, where the system tells: fields 3 and 22 of Linux's /proc/<pid>/stat. */
function processStatus(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the name in parentheses, may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] as string, start: fields[19] as string };
  } catch {
    return undefined;
  }
}
