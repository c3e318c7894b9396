import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { printable } from '@metadescent/core';
import { NativeUnavailable } from './native-unavailable.js';

export interface CCompiler {
  readonly command: string;
  /** Arguments that come before all others. */
  readonly prefix: readonly string[];
  /** What it says of itself; undefined where it does not run. */
  readonly version: string | undefined;
}

/**
 * The command that `$CC` names, split into words as a shell does: `ccache gcc -m64`, `"/opt/my tools/cc"
 * -march=native`. A path with spaces that exists is one word.
 *
 * @example
 * compilerWords('ccache gcc -m64') // => ['ccache', 'gcc', '-m64']
 */
export function compilerWords(cc: string | undefined): [command: string, ...prefix: string[]] {
  const text = cc?.trim() || 'cc';
  if (existsSync(text)) return [text];
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [text];
  const [command = text, ...prefix] = words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  return [command, ...prefix];
}

export function findCompiler(): CCompiler {
  const [command, ...prefix] = compilerWords(process.env['CC']);
  const { status, stdout } = spawnSync(command, [...prefix, '--version'], { encoding: 'utf8' });
  return { command, prefix, version: status === 0 ? stdout : undefined };
}

/** Compiles `sources` of `folder` to the shared library `output`. */
export function compileLibrary(
  { command, prefix }: CCompiler,
  folder: string,
  sources: readonly string[],
  flags: readonly string[],
  output: string,
): void {
  const { status, error, stderr } = spawnSync(command, [...prefix, ...flags, ...sources, '-o', output], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new NativeUnavailable(
    `${[command, ...prefix].join(' ')} cannot compile the kernels: ${firstLine(stderr || error || `exit code ${status}`)}`,
  );
}

/** The first line of a message or error, fit for a line of a record. */
export function firstLine(message: unknown): string {
  const text = message instanceof Error ? message.message : String(message);
  return printable(text.trim().split('\n')[0] ?? '', 300);
}
