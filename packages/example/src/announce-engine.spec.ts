import { expect, jest, test } from '@jest/globals';
import { announceEngine } from './announce-engine.js';

test('a note goes to standard error once, beside what runs; the detail of run records stays as it is', () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const engine = { detail: 'wasm simd128', note: 'not native: there is no C compiler `cc`' };
  expect(announceEngine(engine)).toBe(engine);
  announceEngine({ ...engine });
  announceEngine({ detail: 'native avx2' });
  expect(write.mock.calls).toEqual([['engine: wasm simd128 (not native: there is no C compiler `cc`)\n']]);
  write.mockRestore();
});
