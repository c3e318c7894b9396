import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Finds or makes the shared libraries of the C kernels, one for each instruction set:
 *
 * 1. a prebuilt one in the package's `prebuilds/<platform>-<arch>/`, where it was made from these very sources and can be loaded here;
 * 2. one that an earlier process compiled, in the user's cache folder;
 * 3. else it is compiled there with `cc` (or `$CC`) from the sources in the package, in a few seconds.
 *
 * All file names carry a digest of sources and flags, those in the cache also of the compiler, so that a change of any of them is never missed. Files are renamed into
 * place whole: processes and workers may do this at the same time.
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
const hostPlatform = `${process.platform}-${process.arch}`;
const prebuildFolder = join(packageFolder, 'prebuilds', hostPlatform);

type Koffi = typeof import('koffi').default;
/** A loaded library; `func` declares one of its functions. */
export type NativeLibrary = ReturnType<Koffi['load']>;

/** Why there is no native engine here, in words for a run record. */
export class NativeUnavailable extends Error {
  override readonly name = 'NativeUnavailable';
}

/** A library to be made: its name, its sources in `c/`, and the compiler's flags. */
interface LibraryRecipe {
  readonly name: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

const cpuRecipe: LibraryRecipe = { name: 'cpu', sources: ['cpu/cpu.c'], flags: COMMON_FLAGS };

function kernelsRecipe(target: NativeTarget): LibraryRecipe {
  const sources = readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.c'))
    .sort();
  return { name: `kernels-${target}`, sources, flags: [...COMMON_FLAGS, ...TARGET_FLAGS[target]] };
}

/** The targets that this processor can run, best first. */
export function availableTargets(): NativeTarget[] {
  if (process.arch === 'arm64') return ['neon', 'baseline'];
  if (process.arch !== 'x64') return ['baseline'];
  const level = load(cpuRecipe).func('int metadescent_cpu_level()')();
  return (['avx512', 'avx2', 'baseline'] as const).slice(2 - level);
}

/**
 * The kernels for `target`.
 *
 * @throws NativeUnavailable if koffi is not installed, or if there is neither a prebuilt library nor a C compiler that works.
 */
export function loadNativeLibrary(target: NativeTarget): NativeLibrary {
  return load(kernelsRecipe(target));
}

/**
 * Compiles the libraries of all targets of this platform into the package's `prebuilds/<platform>-<arch>/`, where they are not there already, and removes others; returns
 * their paths, none where there is no C compiler. For packing (build/build-prebuilds.mjs).
 *
 * @throws NativeUnavailable if the compiler fails.
 */
export function buildPrebuilds(): string[] {
  const { command, version } = findCompiler();
  if (!version) return [];
  const targets: NativeTarget[] =
    process.arch === 'x64' ? ['avx512', 'avx2', 'baseline'] : availableTargets();
  const files = [cpuRecipe, ...targets.map(kernelsRecipe)].map((recipe) => {
    const file = prebuiltFile(recipe);
    if (!existsSync(file)) compile(command, recipe, file);
    return file;
  });
  for (const name of readdirSync(prebuildFolder)) {
    const file = join(prebuildFolder, name);
    if (!files.includes(file)) rmSync(file, { recursive: true });
  }
  return files;
}

function prebuiltFile(recipe: LibraryRecipe): string {
  return join(prebuildFolder, fileName(recipe, digestOf(recipe)));
}

function load(recipe: LibraryRecipe): NativeLibrary {
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    throw new NativeUnavailable('the optional package koffi is not installed', { cause: error });
  }
  const prebuilt = prebuiltFile(recipe);
  if (existsSync(prebuilt)) {
    try {
      return koffi.load(prebuilt);
    } catch {
      // Made for another C library (musl, an older glibc): what is compiled here will fit.
    }
  }
  const file = compiledFile(recipe);
  try {
    return koffi.load(file);
  } catch (error) {
    throw new NativeUnavailable(`${file} cannot be loaded: ${firstLine(error)}`, { cause: error });
  }
}

/** The library in the user's cache folder, compiled if it is not there. */
function compiledFile(recipe: LibraryRecipe): string {
  const { command, version } = findCompiler();
  if (!version) {
    throw new NativeUnavailable(
      `there is no prebuilt library that fits ${hostPlatform} and no C compiler \`${command}\``,
    );
  }
  const file = join(cacheFolder(), fileName(recipe, digestOf(recipe, version)));
  if (!existsSync(file)) compile(command, recipe, file);
  return file;
}

/** Makes `file`, which appears whole or not at all. */
function compile(command: string, { sources, flags }: LibraryRecipe, file: string): void {
  const folder = dirname(file);
  let scratch: string;
  try {
    mkdirSync(folder, { recursive: true });
    scratch = mkdtempSync(join(folder, 'compiling-'));
  } catch (error) {
    throw new NativeUnavailable(`the folder ${folder} cannot be written: ${firstLine(error)}`, {
      cause: error,
    });
  }
  try {
    const fresh = join(scratch, basename(file));
    const { status, error, stderr } = spawnSync(command, [...flags, ...sources, '-o', fresh], {
      cwd: sourceFolder,
      encoding: 'utf8',
    });
    if (status !== 0) {
      throw new NativeUnavailable(
        `${command} cannot compile the kernels: ${firstLine(stderr || error || `exit code ${status}`)}`,
      );
    }
    renameSync(fresh, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The C compiler's command, and what it says of itself; no version where there is none. */
function findCompiler(): { command: string; version: string | undefined } {
  const command = process.env['CC'] || 'cc';
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return { command, version: status === 0 ? stdout : undefined };
}

/** A digest of what a library is made from: all sources, headers included, the recipe, the platform, and `compiler` where it counts. */
function digestOf({ sources, flags }: LibraryRecipe, compiler = ''): string {
  const hash = createHash('sha256');
  const headers = readdirSync(sourceFolder).filter((name) => name.endsWith('.h'));
  for (const name of [...headers.sort(), ...sources]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(sourceFolder, name)))
      .update('\0');
  }
  return hash
    .update([...flags, hostPlatform, compiler].join('\0'))
    .digest('hex')
    .slice(0, 16);
}

function fileName({ name }: LibraryRecipe, digest: string): string {
  const ending = { win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so';
  return `metadescent-${name}-${digest}.${ending}`;
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
