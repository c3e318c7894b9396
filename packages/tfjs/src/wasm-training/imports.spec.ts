import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

/**
 * What a module imports at run time, itself and by the modules of this package that it imports: files of this
 * package and names of others.
 */
function imported(file: URL, seen = new Set<string>()): Set<string> {
  seen.add(file.href);
  for (const [, names, from] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\b([^;]*?)from '([^']+)';/gms,
  )) {
    if (/^\s*type\b/.test(names as string)) continue;
    if (!(from as string).startsWith('.')) seen.add(from as string);
    else {
      const next = new URL((from as string).replace(/\.js$/, '.ts'), file);
      if (!seen.has(next.href)) imported(next, seen);
    }
  }
  return seen;
}

test('the kernels for training come without rules and their weights', () => {
  const packages = [...imported(new URL('./index.ts', import.meta.url))].filter(
    (name) => !name.startsWith('file:'),
  );
  expect(packages.sort()).toEqual(['@metadescent/kernels', '@tensorflow/tfjs-core']);
  // The drop-in does bring them: the walk above would have found them.
  const all = imported(new URL('../learned-optimizer.ts', import.meta.url));
  expect([...all]).toEqual(
    expect.arrayContaining(['@metadescent/lstm-optimizer', '@metadescent/optimizers']),
  );
});
