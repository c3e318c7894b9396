import { printable, UserError } from '@metadescent/core';

/** What the user can do about each failure of a file system. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, then continue with --resume or choose another folder',
  EDQUOT: 'your disk quota is used up; free some space, then continue with --resume or choose another folder',
  EFBIG:
    'the file would pass the size limit of this file system or shell (ulimit -f); raise it or choose another folder',
  EACCES: 'permission denied; make the folder writable for you or choose another one',
  EPERM: 'the operation is not permitted; make the folder writable for you or choose another one',
  EROFS: 'the file system is read-only; choose another folder',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another folder',
  EEXIST: 'something of that name exists already; choose another folder',
  EISDIR: 'this is a folder, not a file; choose another path',
  ERR_FS_EISDIR: 'this is a folder, not a file; choose another path',
  ENOENT: 'it does not exist; check the path',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  ELOOP: 'its symbolic links go round in a circle; choose another folder',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  EIO: 'the device reports an input/output error; check the disk, then continue with --resume',
};

/** Characters of a path that a message shows; a path that is longer is cut. */
const SHOWN_CHARACTERS = 400;

/** A path in one line of a message. */
export function shownPath(path: string): string {
  return printable(path, SHOWN_CHARACTERS);
}

/**
 * Calls `action`, and turns what the user can mend (full disk, missing permission, read-only folder …) into a
 * `UserError` with the path and the next step.
 *
 * @param doing what is being done to the path, as in "cannot write".
 */
export function withFileErrors<Result>(doing: string, path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const advice = ADVICE[(error as NodeJS.ErrnoException).code ?? ''];
    if (advice === undefined) throw error;
    throw new UserError(`cannot ${doing} ${shownPath(path)}: ${advice}`, { cause: error });
  }
}
