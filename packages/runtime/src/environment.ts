import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as z from 'zod/mini';

/** Where a run ran: what one needs to repeat it. No paths, no names of people or machines. */
export const environmentSchema = z.object({
  node: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: z.int(),
  /** What computed, e.g. `wasm simd128`. */
  engine: z.string(),
  /** Versions of the packages that decide the results. */
  packages: z.record(z.string(), z.string()),
  /**
   * Commit of the program's own sources, where they lie in a git checkout; ends with `-dirty` if files were
   * changed.
   */
  commit: z.optional(z.string()),
});
export type RunEnvironment = z.infer<typeof environmentSchema>;

export interface EnvironmentOptions {
  readonly engine: string;
  readonly packages?: Readonly<Record<string, string>>;
  /**
   * `import.meta.url` of the program. The commit of its sources is recorded if git follows the package that
   * it belongs to; a program that was installed from a registry has none, wherever it is called. Default: no
   * commit is recorded.
   */
  readonly source?: string;
}

/** Looks at this process and machine. */
export function describeEnvironment({ engine, packages = {}, source }: EnvironmentOptions): RunEnvironment {
  const commit = source === undefined ? undefined : commitOf(fileURLToPath(source));
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    engine,
    packages: { ...packages },
    ...(commit !== undefined && { commit }),
  };
}

/**
 * Versions of installed packages, as the module at `from` (its `import.meta.url`) finds them; packages that
 * are not installed are left out.
 *
 * @example
 * packageVersions(['zod', 'no-such-package'], import.meta.url) // => { zod: '4.6.7' }
 */
export function packageVersions(names: readonly string[], from: string): Record<string, string> {
  const require = createRequire(from);
  const versions: Record<string, string> = {};
  for (const name of names) {
    try {
      versions[name] = (require(`${name}/package.json`) as { version: string }).version;
    } catch {
      // Optional packages may be absent.
    }
  }
  return versions;
}

function commitOf(source: string): string | undefined {
  const folder = packageFolder(source);
  // Somebody else's repository may well hold this package among its dependencies.
  if (folder === undefined || folder.split(sep).includes('node_modules')) return undefined;
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, {
      cwd: folder,
      env: { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    git('ls-files', '--error-unmatch', 'package.json');
    return git('describe', '--always', '--dirty', '--exclude=*', '--abbrev=40');
  } catch {
    return undefined;
  }
}

/** The nearest folder above a file that holds a package.json. */
function packageFolder(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
