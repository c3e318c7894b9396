import { closeSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { UserError } from '@metadescent/core';

import { withFileErrors } from './file-errors.js';

const PREFIX = 'lock.';

/** The right to write into a folder. */
export interface RunLock {
  release(): void;
}

/**
 * Takes a folder for this process.
 *
 * Every contender first puts down a file with its own name, and then looks for the others': of two that come at the same time at least one sees the
 * other, and a file is only ever deleted by its owner or after its owner's death. So the lock of a process that was killed is taken over without a
 * race.
 *
 * @throws UserError if a living process holds the folder, or one on another machine, of which nothing can be known.
 */
export function lockRun(directory: string): RunLock {
  const self = { host: hostname(), pid: process.pid, start: processStatus(process.pid)?.start ?? '0' };
  const own = join(directory, fileName(self));
  withFileErrors('lock', directory, () => {
    try {
      closeSync(openSync(own, 'wx'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new UserError(`the run ${directory} is already open in this process; close it first`);
    }
  });
  const release = () => rmSync(own, { force: true });

  try {
    for (const name of readdirSync(directory)) {
      const owner = isLockFile(name) ? parseFileName(name) : undefined;
      if (!owner || join(directory, name) === own) continue;
      if (owner.host !== self.host) {
        throw new UserError(
          `the run ${directory} is locked by process ${owner.pid} on the machine ${owner.host}; if that one is gone, delete ${join(directory, name)} and try again`,
        );
      }
      if (isAlive(owner)) {
        throw new UserError(
          `the run ${directory} is being written by process ${owner.pid}; wait for it, stop it, or choose another folder`,
        );
      }
      rmSync(join(directory, name), { force: true });
    }
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/** Whether a file of a run's folder is a lock. */
export function isLockFile(name: string): boolean {
  return name.startsWith(PREFIX);
}

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process started, so that a pid which the system gave out again is not taken for its old owner. */
  readonly start: string;
}

function fileName({ host, pid, start }: Owner): string {
  return `${PREFIX}${pid}.${start}.${encodeURIComponent(host)}`;
}

function parseFileName(name: string): Owner | undefined {
  const [, pid, start, host] = /^lock\.(\d+)\.(\d+)\.(.+)$/.exec(name) ?? [];
  return pid && start && host ? { host: decodeURIComponent(host), pid: Number(pid), start } : undefined;
}

function isAlive({ pid, start }: Owner): boolean {
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

/** State and start time (clock ticks since the boot) of a process, where the system tells: fields 3 and 22 of Linux's /proc/<pid>/stat. */
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
