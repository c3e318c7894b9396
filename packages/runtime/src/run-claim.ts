import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { printable, UserError } from '@metadescent/core';

import { TEMPORARY_SUFFIX, writeFileAtomic } from './atomic-file.js';
import { configDifference } from './config-difference.js';
import { stringifyExact } from './exact-json.js';
import { shownPath, withFileErrors } from './file-errors.js';
import { isProbe, prepareFolder } from './prepared-folder.js';
import { readConfig, RUN_FILES } from './run-files.js';
import { isLockFile, lockRun } from './run-lock.js';
import type { Warn } from './warning.js';

/** A run folder that belongs to this process. */
export interface RunClaim {
  /** The folder's absolute path. */
  readonly directory: string;
  /** @throws UserError if another process took the folder over, because this one stood still for so long. */
  check(): void;
  /** Gives the folder free. */
  release(): void;
  /** Gives it free and takes back what was done to it: for a run that could not even start. */
  abandon(): void;
}

/**
 * Whether `openRun` would take this folder: it can be made and written in, and is empty or absent for a new
 * run, or holds a run to resume. For commands that have long work to do before they open their run.
 *
 * @returns the folder's absolute path.
 * @throws UserError as `openRun` does. The folder is left, or left out, as it was.
 */
export function checkRunFolder(
  directory: string,
  { resume = false }: { readonly resume?: boolean } = {},
): string {
  if (resume) checkRunThere(directory);
  const folder = prepareFolder(directory);
  try {
    if (!resume) checkEmpty(folder.path);
  } finally {
    folder.abandon();
  }
  return folder.path;
}

/**
 * Takes a folder for a run: a new one must be empty and gets its `config.json`, one to resume must hold the
 * same config.
 *
 * @throws UserError on anything else, after which the folder is as it was before.
 */
export function claimRun(
  folder: string,
  config: unknown,
  { resume, warn }: { readonly resume: boolean; readonly warn: Warn },
): RunClaim {
  if (resume) checkRunThere(folder);
  const { path: directory, abandon: removeFolders } = prepareFolder(folder);
  const undo = [removeFolders];
  const abandon = () => {
    for (const step of undo.splice(0).reverse()) step();
  };
  try {
    // A folder that is no run of ours is left before its locks are looked at.
    if (!resume) checkEmpty(directory);
    const lock = lockRun(directory, { warn });
    undo.push(lock.release);
    if (resume) {
      checkConfig(directory, config);
      removeUnfinished(directory);
    } else {
      checkEmpty(directory);
      undo.push(() => removeContents(directory));
    }
    // Its presence is what makes the folder a run.
    if (!resume) writeFileAtomic(join(directory, RUN_FILES.config), `${stringifyExact(config, 2)}\n`);
    return { directory, check: lock.check, release: lock.release, abandon };
  } catch (error) {
    abandon();
    throw error;
  }
}

function checkRunThere(directory: string): void {
  if (existsSync(join(directory, RUN_FILES.config))) return;
  throw new UserError(
    `there is no run to resume in ${shownPath(directory)}; start it without --resume, or give the folder of a run`,
  );
}

function checkEmpty(directory: string): void {
  // What a process leaves that is killed right here does not count.
  const names = withFileErrors('read the folder', directory, () => readdirSync(directory)).filter(
    (name) => !isLockFile(name) && !isProbe(name) && name !== RUN_FILES.config + TEMPORARY_SUFFIX,
  );
  if (names.includes(RUN_FILES.config)) {
    throw new UserError(
      `${shownPath(directory)} holds a run already; continue it with --resume, or choose another folder`,
    );
  }
  if (names.length > 0) {
    throw new UserError(
      `${shownPath(directory)} is not empty (it holds ${names
        .slice(0, 3)
        .map((name) => printable(name))
        .join(', ')}${names.length > 3 ? ', …' : ''}); choose another folder`,
    );
  }
}

function checkConfig(directory: string, config: unknown): void {
  const differences = configDifference(readConfig(directory), config);
  if (differences.length > 0) {
    throw new UserError(
      `the run in ${shownPath(directory)} has another configuration: ${differences.join('; ')}. Resume it ` +
        'with the configuration it was started with, or start a new run in another folder',
    );
  }
}

/** Files that a killed process was about to write. */
function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(TEMPORARY_SUFFIX)) rmSync(join(directory, name));
  }
}

function removeContents(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!isLockFile(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
