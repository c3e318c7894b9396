import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Finds or makes the shared libraries of the C kernels, one for each instruction set:
 *
 * 1. a prebuilt one in the package's `prebuilds/<platform>-<arch>/`;
 * 2. one that an earlier process compiled, in the user's cache folder;
 * 3. else it is compiled there with `cc` (or `$CC`) from the sources in the package, in a few seconds.
 *
 * The cache's file names carry a digest of sources, flags and compiler, and files are renamed into place whole, so that processes and workers may
 * do this at the same time and a change of any of them is never missed.
 */

/** An instruction set that the kernels are compiled for. */
export type NativeTarget = 'avx512' | 'avx2' | 'neon' | 'baseline';

const TARGET_FLAGS: Record<NativeTarget, readonly string[]> = {
  avx512: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx2', '-mfma'],
  avx2: ['-mavx2', '-mfma'],
  neon: [],
  baseline: [],
};

const COMMON_FLAGS = [
  '-std=gnu11',
  '-O3',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-ffp-contract=off',
];

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));
const sourceFolder = join(packageFolder, 'c');

type Koffi = typeof import('koffi').default;
/** A loaded library; `func` declares one of its functions. */
export type NativeLibrary = ReturnType<Koffi['load']>;

/** Why there is no native engine here, in words for a run record. */
export class NativeUnavailable extends Error {
  override readonly name = 'NativeUnavailable';
}

/** The targets that this processor can run, best first. */
export function availableTargets(): NativeTarget[] {
  if (process.arch === 'arm64') return ['neon', 'baseline'];
  if (process.arch !== 'x64') return ['baseline'];
  const level = loadShared(findOrCompile('cpu', ['cpu/cpu.c'], [])).func('int metadescent_cpu_level()')();
  return (['avx512', 'avx2', 'baseline'] as const).slice(2 - level);
}

/**
 * The kernels for `target`.
 *
 * @throws NativeUnavailable if koffi is not installed, or if there is neither a prebuilt library nor a C compiler that works.
 */
export function loadNativeLibrary(target: NativeTarget): NativeLibrary {
  return loadShared(findOrCompile(`kernels-${target}`, kernelSources(), TARGET_FLAGS[target]));
}

/** Compiles the libraries of all targets of this platform into `folder`: what `prebuilds/<platform>-<arch>/` of a published package holds. */
export function buildPrebuilds(folder: string): string[] {
  const compiler = findCompiler();
  mkdirSync(folder, { recursive: true });
  const targets: NativeTarget[] =
    process.arch === 'x64' ? ['avx512', 'avx2', 'baseline'] : availableTargets();
  const compileInto = (name: string, sources: readonly string[], flags: readonly string[]) => {
    const file = join(folder, fileName(name));
    compile(compiler.command, sources, flags, file);
    return file;
  };
  return [
    compileInto('cpu', ['cpu/cpu.c'], []),
    ...targets.map((target) => compileInto(`kernels-${target}`, kernelSources(), TARGET_FLAGS[target])),
  ];
}

function loadShared(file: string): NativeLibrary {
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    throw new NativeUnavailable('the optional package koffi is not installed', { cause: error });
  }
  try {
    return koffi.load(file);
  } catch (error) {
    throw new NativeUnavailable(`${file} cannot be loaded: ${firstLine(error)}`, { cause: error });
  }
}

function findOrCompile(name: string, sources: readonly string[], flags: readonly string[]): string {
  const prebuilt = join(packageFolder, 'prebuilds', `${process.platform}-${process.arch}`, fileName(name));
  if (existsSync(prebuilt)) return prebuilt;
  const compiler = findCompiler();
  const digest = digestOf([...COMMON_FLAGS, ...flags, compiler.version, process.platform, process.arch]);
  const folder = cacheFolder();
  const file = join(folder, fileName(`${name}-${digest}`));
  if (existsSync(file)) return file;
  let scratch: string;
  try {
    mkdirSync(folder, { recursive: true });
    scratch = mkdtempSync(join(folder, 'compiling-'));
  } catch (error) {
    throw new NativeUnavailable(`the cache folder ${folder} cannot be written: ${firstLine(error)}`, {
      cause: error,
    });
  }
  try {
    const fresh = join(scratch, fileName(name));
    compile(compiler.command, sources, flags, fresh);
    renameSync(fresh, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return file;
}

function compile(
  command: string,
  sources: readonly string[],
  flags: readonly string[],
  output: string,
): void {
  const { status, error, stderr } = spawnSync(
    command,
    [...COMMON_FLAGS, ...flags, ...sources, '-o', output],
    { cwd: sourceFolder, encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new NativeUnavailable(
      `${command} cannot compile the kernels: ${firstLine(stderr || error || `exit code ${status}`)}`,
    );
  }
}

function findCompiler(): { command: string; version: string } {
  const command = process.env['CC'] || 'cc';
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (status !== 0)
    throw new NativeUnavailable(
      `there is no prebuilt library for ${process.platform}-${process.arch} and no C compiler \`${command}\``,
    );
  return { command, version: stdout };
}

function kernelSources(): string[] {
  return readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.c'))
    .sort();
}

/** A digest of all sources, headers included, and of `more`. */
function digestOf(more: readonly string[]): string {
  const hash = createHash('sha256');
  const names = readdirSync(sourceFolder).filter((name) => /\.[ch]$/.test(name));
  for (const name of [...names.sort(), 'cpu/cpu.c']) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(sourceFolder, name)))
      .update('\0');
  }
  return hash.update(more.join('\0')).digest('hex').slice(0, 16);
}

function fileName(name: string): string {
  const ending = { win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so';
  return `metadescent-${name}.${ending}`;
}

function cacheFolder(): string {
  const { env, platform } = process;
  const base =
    env['XDG_CACHE_HOME'] ||
    (platform === 'win32' && env['LOCALAPPDATA']) ||
    (platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(base, 'metadescent', 'kernels');
}

function firstLine(message: unknown): string {
  const text = message instanceof Error ? message.message : String(message);
  return text.trim().split('\n')[0] ?? '';
}
