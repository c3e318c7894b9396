import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loads the native engine and computes with it; prints its `detail`, or why there is none. */
const probe = `
import { nativeEngine } from '@metadescent/kernels/node';
const { engine, reason } = nativeEngine();
const features = new Float32Array(2);
engine?.preprocessGradient(Float32Array.of(1), 10, features);
console.log(JSON.stringify({ detail: engine?.detail, reason, features: [...features] }));
`;

/**
 * What is wrong with the prebuilt native libraries of the installed kernels package, as sentences: without a
 * compiler and with an empty cache they must load and compute, and they must not be used for other C sources
 * than they were made from. Nothing is checked where packing found no compiler to make them with.
 *
 * @param {string} consumer the folder that the packages are installed in
 * @returns {string[]}
 */
export function prebuildProblems(consumer) {
  const kernels = join(consumer, 'node_modules/@metadescent/kernels');
  if (!existsSync(join(kernels, 'prebuilds'))) return [];
  const empty = join(consumer, 'no-compiler');
  mkdirSync(empty, { recursive: true });
  writeFileSync(join(consumer, 'native.mjs'), probe);
  const runProbe = () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['native.mjs'], {
      cwd: consumer,
      encoding: 'utf8',
      env: { PATH: empty, HOME: empty, XDG_CACHE_HOME: empty, LOCALAPPDATA: empty },
    });
    return status === 0 ? JSON.parse(stdout) : { reason: stderr };
  };

  const { detail, reason, features } = runProbe();
  if (!detail?.startsWith('native ') || features[0] !== 0 || features[1] !== 1) {
    return [
      `kernels: the prebuilt libraries do not serve without a compiler: ${reason ?? `${detail} computes ${features}`}`,
    ];
  }
  console.log(`kernels: ${detail} runs without a compiler.`);

  const source = join(kernels, 'c/vector.h');
  const original = readFileSync(source);
  appendFileSync(source, '/* another version */\n');
  const stale = runProbe();
  writeFileSync(source, original);
  return stale.detail ? [`kernels: prebuilt libraries of other C sources are used (${stale.detail}).`] : [];
}
