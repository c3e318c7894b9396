import { statSync } from 'node:fs';

/**
 * What lies at a path that a user named; undefined where nothing does, or nothing that can be reached. Throws
 * nothing.
 */
export function pathKind(path: string): 'folder' | 'file' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}
