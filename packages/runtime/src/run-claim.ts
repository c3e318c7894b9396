import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { UserError } from '@metadescent/core';

import { makeFolder, TEMPORARY_SUFFIX, writeFileAtomic } from './atomic-file.js';
import { configDifference } from './config-difference.js';
import { stringifyExact } from './exact-json.js';
import { withFileErrors } from './file-errors.js';
import { readConfig, RUN_FILES } from './run-files.js';
import { isLockFile, lockRun } from './run-lock.js';

/** A run folder that belongs to this process. */
export interface RunClaim {
  /** Gives the folder free. */
  release(): void;
  /** Gives it free and takes back what was done to it: for a run that could not even start. */
  abandon(): void;
}

/**
 * Takes a folder for a run: a new one must be empty and gets its `config.json`, one to resume must hold the same config.
 *
 * @throws UserError on anything else, after which the folder is as it was before.
 */
export function claimRun(directory: string, config: unknown, resume: boolean): RunClaim {
  if (resume && !existsSync(join(directory, RUN_FILES.config))) {
    throw new UserError(
      `there is no run to resume in ${directory}; start it without --resume, or give the folder of a run`,
    );
  }
  const created = makeFolder(directory);
  const undo = [() => removeEmptyFolders(directory, created)];
  const abandon = () => {
    for (const step of undo.splice(0).reverse()) step();
  };
  try {
    const lock = lockRun(directory);
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
    return { release: lock.release, abandon };
  } catch (error) {
    abandon();
    throw error;
  }
}

function checkEmpty(directory: string): void {
  // What a process leaves that is killed right here does not count.
  const names = withFileErrors('read the folder', directory, () => readdirSync(directory)).filter(
    (name) => !isLockFile(name) && name !== RUN_FILES.config + TEMPORARY_SUFFIX,
  );
  if (names.includes(RUN_FILES.config)) {
    throw new UserError(
      `${directory} holds a run already; continue it with --resume, or choose another folder`,
    );
  }
  if (names.length > 0) {
    throw new UserError(
      `${directory} is not empty (it holds ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}); choose another folder`,
    );
  }
}

function checkConfig(directory: string, config: unknown): void {
  const differences = configDifference(readConfig(directory), config);
  if (differences.length > 0) {
    throw new UserError(
      `the run in ${directory} has another configuration: ${differences.join('; ')}. Resume it with the configuration it was started with, or start a new run in another folder`,
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

/** Removes `directory` and its parents up to and with `topmost`, as long as they are empty: somebody else may have put something there. */
function removeEmptyFolders(directory: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  try {
    for (
      let folder = resolve(directory);
      folder.length >= resolve(topmost).length;
      folder = dirname(folder)
    ) {
      rmdirSync(folder);
    }
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
