// The C sources, and the compiler settings that all builds share.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const packageFolder = fileURLToPath(new URL('..', import.meta.url));
export const sourceFolder = fileURLToPath(new URL('../c/', import.meta.url));

/** Names of all files in `c/` with this ending, sorted; folders such as `c/test` are left out. */
export function sourceFiles(ending) {
  return readdirSync(sourceFolder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => entry.name)
    .sort();
}

/** A SHA-256 over names and contents of these sources and of all headers. */
export function sourceDigest(sources) {
  const hash = createHash('sha256');
  for (const name of [...sourceFiles('.h'), ...sources].sort()) {
    hash.update(`${name}\0${readFileSync(`${sourceFolder}${name}`, 'utf8').replaceAll('\r\n', '\n')}\0`);
  }
  return hash.digest('hex');
}
