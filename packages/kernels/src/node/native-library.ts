import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
import { type CCompiler, compileLibrary, findCompiler, firstLine } from './c-compiler.js';
import { addLibrary, librariesIn, removeAll } from './library-folder.js';
import { NativeUnavailable } from './native-unavailable.js';

/**
 * Finds or makes the shared libraries of the C kernels, one for each instruction set:
 *
 * 1. a prebuilt one in the package's `prebuilds/<platform>-<arch>/`, where it was made from these very
 *   sources and can be loaded here;
 * 2. one that an earlier process compiled, in the user's cache folder;
 * 3. else it is compiled there with `cc` (or `$CC`, which may have arguments) from the sources in the
 *   package, in a few seconds.
 *
 * All file names carry a digest of sources and flags, those in the cache also of the compiler, so that a
 * change of any of them is never missed; and a digest of the library's own bytes, so that a damaged one is
 * never loaded (library-folder.ts).
 */

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
  const level = open(cpuRecipe).library.func('int metadescent_cpu_level()')();
  return (['avx512', 'avx2', 'baseline'] as const).slice(2 - level);
}

/**
 * The kernels for `target`.
 *
 * @throws NativeUnavailable if koffi is not installed, or if there is neither a prebuilt library nor a C
 *   compiler that works.
 */
export function loadNativeLibrary(target: NativeTarget): NativeLibrary {
  return open(kernelsRecipe(target)).library;
}

/** Which libraries of `target` had to be made again and why, once they are loaded. */
export function nativeNote(target: NativeTarget): string | undefined {
  const notes = [cpuRecipe.name, `kernels-${target}`].flatMap((name) => opened.get(name)?.note ?? []);
  return notes.length > 0 ? notes.join('; ') : undefined;
}

/**
 * Compiles the libraries of all targets of this platform into the package's `prebuilds/<platform>-<arch>/`,
 * where they are not there already, and removes others; returns their paths, none where there is no C
 * compiler. For packing (build/build-prebuilds.mjs).
 *
 * @throws NativeUnavailable if the compiler fails.
 */
export function buildPrebuilds(): string[] {
  const compiler = findCompiler();
  if (!compiler.version) return [];
  const targets: NativeTarget[] =
    process.arch === 'x64' ? ['avx512', 'avx2', 'baseline'] : availableTargets();
  const files = [cpuRecipe, ...targets.map(kernelsRecipe)].map((recipe) => {
    const stem = stemOf(recipe);
    return librariesIn(prebuildFolder, stem).whole[0] ?? compile(compiler, recipe, prebuildFolder, stem);
  });
  const others = readdirSync(prebuildFolder).map((name) => join(prebuildFolder, name));
  removeAll(others.filter((file) => !files.includes(file)));
  return files;
}

interface OpenedLibrary {
  readonly library: NativeLibrary;
  /** Why it had to be made again. */
  readonly note?: string;
}

/** The libraries that this realm has loaded, by the names of their recipes. */
const opened = new Map<string, OpenedLibrary>();

function open(recipe: LibraryRecipe): OpenedLibrary {
  const known = opened.get(recipe.name);
  if (known) return known;
  const fresh = find(requireKoffi(), recipe);
  opened.set(recipe.name, fresh);
  return fresh;
}

function find(koffi: Koffi, recipe: LibraryRecipe): OpenedLibrary {
  const stem = stemOf(recipe);
  const prebuilt = librariesIn(prebuildFolder, stem);
  // A prebuilt one may be made for another C library (musl, an older glibc): what is compiled here will fit.
  for (const file of prebuilt.whole) {
    const { library } = tryToLoad(koffi, file);
    if (library) return { library };
  }
  const compiler = findCompiler();
  if (!compiler.version) {
    throw new NativeUnavailable(
      `there is no prebuilt library that fits ${hostPlatform} and no C compiler \`${compiler.command}\`${prebuilt.damaged.length > 0 ? `; ${prebuilt.damaged.join(', ')} is damaged` : ''}`,
    );
  }
  const folder = cacheFolder();
  const compiledStem = stemOf(recipe, [...compiler.prefix, compiler.version]);
  const cached = librariesIn(folder, compiledStem);
  const refused = [...prebuilt.damaged, ...cached.damaged].map((file) => `${basename(file)} was damaged`);
  for (const file of cached.whole) {
    const { library, reason } = tryToLoad(koffi, file);
    if (library) return { library };
    refused.push(`${basename(file)} could not be loaded: ${reason}`);
  }
  const file = compile(compiler, recipe, folder, compiledStem);
  // The new one may have the name of a damaged one.
  removeAll(cached.damaged.filter((damaged) => damaged !== file));
  const { library, reason } = tryToLoad(koffi, file);
  if (!library) throw new NativeUnavailable(`${file} cannot be loaded: ${reason}`);
  return refused.length === 0 ? { library } : { library, note: `compiled again: ${refused.join(', ')}` };
}

function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const fault = missing ? 'is not installed' : `cannot be loaded: ${firstLine(error)}`;
    throw new NativeUnavailable(`the optional package koffi ${fault}`, { cause: error });
  }
}

function tryToLoad(
  koffi: Koffi,
  file: string,
): { library: NativeLibrary; reason?: undefined } | { library?: undefined; reason: string } {
  try {
    return { library: koffi.load(file) };
  } catch (error) {
    return { reason: firstLine(error) };
  }
}

function compile(
  compiler: CCompiler,
  { sources, flags }: LibraryRecipe,
  folder: string,
  stem: string,
): string {
  return addLibrary(folder, stem, (output) => compileLibrary(compiler, sourceFolder, sources, flags, output));
}

/**
 * The name of a library up to the digest of its bytes: with a digest of what it is made from, that is of all
 * sources, headers included, the recipe, the platform, and `compiler` where it counts.
 */
function stemOf({ name, sources, flags }: LibraryRecipe, compiler: readonly string[] = []): string {
  const hash = createHash('sha256');
  const headers = readdirSync(sourceFolder).filter((file) => file.endsWith('.h'));
  for (const file of [...headers.sort(), ...sources]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(sourceFolder, file)))
      .update('\0');
  }
  const digest = hash
    .update([...flags, hostPlatform, ...compiler].join('\0'))
    .digest('hex')
    .slice(0, 16);
  return `metadescent-${name}-${digest}`;
}

function cacheFolder(): string {
  const { env, platform } = process;
  const base =
    env['XDG_CACHE_HOME'] ||
    (platform === 'win32' && env['LOCALAPPDATA']) ||
    (platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(base, 'metadescent', 'kernels');
}
