import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';

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
  /** Commit of the source, where it is a git checkout; ends with `-dirty` if files were changed. */
  commit: z.optional(z.string()),
});
export type RunEnvironment = z.infer<typeof environmentSchema>;

export interface EnvironmentOptions {
  readonly engine: string;
  readonly packages?: Readonly<Record<string, string>>;
  /** Any folder of the source. Default: the current one. */
  readonly sourceDirectory?: string;
}

/** Looks at this process and machine. */
export function describeEnvironment({
  engine,
  packages = {},
  sourceDirectory = process.cwd(),
}: EnvironmentOptions): RunEnvironment {
  const commit = commitOf(sourceDirectory);
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
 * Versions of installed packages, as the module at `from` (its `import.meta.url`) finds them; packages that are not installed are left out.
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

function commitOf(directory: string): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=40'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
