import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nativeEngine } from './native-engine.js';

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));
const scratch = join(packageFolder, 'tmp');
const compiles = process.platform !== 'win32' && nativeEngine('baseline').engine !== undefined;

/** What a fresh process says of its engine, and the product of 2 and 3 on it. */
interface Start {
  readonly detail: string;
  readonly note: string;
  readonly product: number;
  readonly gps: string;
  readonly gpsNote: string;
}

// Processes of their own, from the built package: a damaged library may end them.
(compiles ? describe : describe.skip)('the cached native library', () => {
  let folder = '';
  let compiler = '';
  const script = `
    import { bestEngine, bestGpsEngine, nativeEngine } from './dist/node/index.js';
    const engine = nativeEngine('baseline').engine ?? bestEngine();
    const c = new Float32Array(1);
    engine.gemm({ m: 1, n: 1, k: 1, a: Float32Array.of(2), b: Float32Array.of(3), c });
    const gps = process.env.GPS ? bestGpsEngine() : { detail: '' };
    const { detail, note = '' } = engine;
    console.log(JSON.stringify({ detail, note, product: c[0], gps: gps.detail, gpsNote: gps.note ?? '' }));`;

  beforeAll(() => {
    mkdirSync(scratch, { recursive: true });
    folder = mkdtempSync(join(scratch, 'native library '));
    for (const part of ['dist', 'c', 'package.json'])
      cpSync(join(packageFolder, part), join(folder, part), { recursive: true });
    writeFileSync(join(folder, 'start.mjs'), script);
    // Counts what it is asked for. Compiles without optimisation, and equal things once: both take long.
    compiler = join(folder, 'quick compiler.sh');
    const cc = process.env['CC'] || 'cc';
    writeFileSync(
      compiler,
      `case "$*" in *--version*) exec ${cc} --version;; esac
echo "$*" >> '${folder}/compiled'
for word; do
  shift
  case "$word" in -O3) word=-O0;; esac
  set -- "$@" "$word"
  output=$word
done
made="${folder}/made-$(echo "$*" | sed 's/ -o .*//' | cksum | tr -d ' ')"
[ -f "$made" ] || { ${cc} "$@" && cp "$output" "$made.$$" && mv "$made.$$" "$made"; } || exit 1
cp "$made" "$output"
`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const cache = (name: string) => join(folder, 'caches', name);
  const libraries = (name: string) => {
    const inside = join(cache(name), 'metadescent', 'kernels');
    return existsSync(inside) ? readdirSync(inside).map((file) => join(inside, file)) : [];
  };
  const kernels = (name: string) =>
    libraries(name).find((file) => basename(file).startsWith('metadescent-kernels-'))!;
  const compilations = () =>
    existsSync(join(folder, 'compiled'))
      ? readFileSync(join(folder, 'compiled'), 'utf8').trim().split('\n').length
      : 0;

  async function start(name: string, env: NodeJS.ProcessEnv = {}): Promise<Start> {
    const child = spawn(process.execPath, [join(folder, 'start.mjs')], {
      env: {
        ...process.env,
        NODE_OPTIONS: '--no-warnings',
        XDG_CACHE_HOME: cache(name),
        CC: `sh "${compiler}" -DQUICK`,
        ...env,
      },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += part));
    child.stderr.on('data', (part) => (stderr += part));
    const ended = await new Promise((resolve) =>
      child.on('close', (code, signal) => resolve({ code, signal })),
    );
    expect({ ended, stderr }).toEqual({ ended: { code: 0, signal: null }, stderr: '' });
    return JSON.parse(stdout) as Start;
  }

  /** A cache with whole libraries, copied from one that was filled once. */
  async function filled(name: string): Promise<void> {
    if (!existsSync(cache('whole')))
      expect(await start('whole')).toMatchObject({ detail: 'native baseline', product: 6 });
    cpSync(cache('whole'), cache(name), { recursive: true });
  }

  test('a compiler with arguments and quoted spaces is run, once for each library', async () => {
    await filled('arguments');
    const before = compilations();
    expect(readFileSync(join(folder, 'compiled'), 'utf8')).toContain('-DQUICK');
    expect(await start('arguments')).toEqual({
      detail: 'native baseline',
      note: '',
      product: 6,
      gps: '',
      gpsNote: '',
    });
    expect(compilations()).toBe(before);
  });

  test.each([
    ['truncated', (file: string) => truncateSync(file, 4096)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['overwritten', (file: string) => writeFileSync(file, Buffer.alloc(20_000, 0x7f))],
    ['a folder', (file: string) => (rmSync(file), mkdirSync(file), writeFileSync(join(file, 'inside'), ''))],
  ])(
    '%s: it is compiled again, which a note beside the same detail says, and the next start is as ever',
    async (name, damage) => {
      await filled(name);
      const file = kernels(name);
      damage(file);
      const again = await start(name);
      expect(again).toMatchObject({ product: 6, detail: 'native baseline' });
      expect(again.note).toBe(`compiled again: ${basename(file)} was damaged`);
      const before = compilations();
      expect(await start(name)).toMatchObject({ detail: 'native baseline', note: '' });
      expect(compilations()).toBe(before);
      expect(libraries(name)).toHaveLength(libraries('whole').length);
    },
  );

  test('a damaged library that tells the instruction set is compiled again too', async () => {
    await filled('cpu');
    const file = libraries('cpu').find((path) => basename(path).startsWith('metadescent-cpu-'));
    if (!file) return expect(process.arch).not.toBe('x64');
    truncateSync(file, 100);
    expect(await start('cpu')).toMatchObject({
      detail: 'native baseline',
      note: `compiled again: ${basename(file)} was damaged`,
    });
  });

  test('processes that start at the same time each get a whole library', async () => {
    const starts = await Promise.all([1, 2, 3].map(() => start('together')));
    for (const { detail, product } of starts)
      expect({ detail, product }).toEqual({ detail: 'native baseline', product: 6 });
    expect(libraries('together').filter((file) => basename(file).startsWith('compiling-'))).toEqual([]);
  });

  test.each([
    ['no compiler', { CC: 'no-such-compiler -m64' }, 'no C compiler `no-such-compiler`'],
    ['a compiler that fails', { CC: `sh "${'$'}{compiler}" -no-such-flag` }, 'cannot compile the kernels'],
  ])('%s: WebAssembly runs, and its note says why', async (name, env, reason) => {
    const CC = env.CC.replace('${compiler}', compiler);
    const { product, detail, gps, note, gpsNote } = await start(name, { CC, GPS: '1' });
    expect(product).toBe(6);
    expect([detail, gps]).toEqual(['wasm simd128', 'wasm simd128']);
    for (const said of [note, gpsNote]) {
      expect(said).toMatch(/^not native: /);
      expect(said).toContain(reason);
    }
  });
});
