import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { printable, UserError } from '@metadescent/core';

import { withDefaultSignals } from './default-signals.js';
import { shownPath, withFileErrors } from './file-errors.js';
import { startHeartbeat, STILL_SECONDS, wasRenewed } from './heartbeat.js';
import { isAlive, ownIdentity, type ProcessIdentity, shareProcesses } from './process-identity.js';
import { type Warn, warnOnStandardError } from './warning.js';

/** The right to write into a folder. */
export interface RunLock {
  /** @throws UserError if another process took the folder over, because this one stood still for so long. */
  check(): void;
  release(): void;
}

export interface LockOptions {
  /** Seconds for which a lock must not have been renewed before it is taken over. Default 20. */
  readonly stillSeconds?: number;
  /** Told that a lock is watched, and that it was taken over. Default: a line on standard error. */
  readonly warn?: Warn;
}

/**
 * Takes a folder for this process.
 *
 * Every contender first puts down a file with its own name, and then looks for the others': of two that come
 * at the same time at least one sees the other, and a file is only ever deleted by its owner or after its
 * owner's death. Whether an owner lives is asked of the system where both share their processes: the lock of
 * one that was killed is taken over at once. In another container or on another machine its pid says nothing;
 * there an owner is alive as long as it renews its file, which it does every 2 seconds: a file that stands
 * still for 20 seconds is taken over.
 *
 * @throws UserError if a living process holds the folder.
 */
export function lockRun(directory: string, options: LockOptions = {}): RunLock {
  const { stillSeconds = STILL_SECONDS, warn = warnOnStandardError } = options;
  const self = ownIdentity();
  const own = join(directory, fileName(self));
  withFileErrors('lock', directory, () => {
    try {
      closeSync(openSync(own, 'wx'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new UserError(`the run ${shownPath(directory)} is already open in this process; close it first`);
    }
  });
  const heartbeat = startHeartbeat(own);
  const release = () => {
    heartbeat.stop();
    rmSync(own, { force: true });
  };

  try {
    for (const name of withFileErrors('read the folder', directory, () => readdirSync(directory))) {
      const path = join(directory, name);
      if (!isLockFile(name) || path === own) continue;
      const owner = parseFileName(name);
      const alive = withFileErrors('read', path, () =>
        owner && shareProcesses(owner, self)
          ? isAlive(owner)
          : isRenewed(path, { directory, owner, stillSeconds, warn }),
      );
      if (alive) {
        throw new UserError(
          `the run ${shownPath(directory)} is being written by ${named(owner, self)}; wait for it, stop it, or choose another folder`,
        );
      }
      withFileErrors('remove', path, () => rmSync(path, { force: true }));
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    check: () => {
      if (existsSync(own)) return;
      throw new UserError(
        `another process has taken over the run ${shownPath(directory)}, because this one did not renew its ` +
          `lock for ${STILL_SECONDS} seconds (was it suspended?); leave the run to the other one, or stop that ` +
          'one and continue with --resume',
      );
    },
    release,
  };
}

/** Whether a file of a run's folder is a lock. */
export function isLockFile(name: string): boolean {
  return /^lock\.\d+\.\d+\./.test(name);
}

interface Watch extends Required<LockOptions> {
  readonly directory: string;
  readonly owner: ProcessIdentity | undefined;
}

function isRenewed(path: string, { directory, owner, stillSeconds, warn }: Watch): boolean {
  const whose = named(owner, undefined);
  return withDefaultSignals(() => {
    warn(
      `the run ${shownPath(directory)} has the lock of ${whose}; watching for up to ${stillSeconds} seconds whether that one is alive`,
    );
    if (wasRenewed(path, stillSeconds)) return true;
    warn(`${whose} is gone; its lock is taken over`);
    return false;
  });
}

/** An owner in a message; without its machine where that is the reader's. */
function named(owner: ProcessIdentity | undefined, self: ProcessIdentity | undefined): string {
  if (!owner) return 'a process of unknown name';
  if (self && shareProcesses(owner, self)) return `process ${owner.pid}`;
  return `process ${owner.pid} in another container or machine (host ${printable(owner.host)})`;
}

function fileName({ host, pid, start, space }: ProcessIdentity): string {
  return `lock.${pid}.${start}.${space}.${encodeURIComponent(host)}`;
}

/** Undefined for names that this version does not write: what they say of their owner is not known. */
function parseFileName(name: string): ProcessIdentity | undefined {
  const [, pid, start, space, host] = /^lock\.(\d+)\.(\d+)\.([\w-]+)\.(.+)$/.exec(name) ?? [];
  if (!pid || !start || !space || !host) return undefined;
  try {
    return { pid: Number(pid), start, space, host: decodeURIComponent(host) };
  } catch {
    return undefined;
  }
}
