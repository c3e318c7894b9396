import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { wasmGpsEngine } from './gps/gps-wasm.js';
import { nativeEngine } from './node/native-engine.js';
import { tryArguments } from './testing/argument-trials.js';
import { typescriptEngine } from './engine/typescript-engine.js';
import { typescriptGpsEngine } from './gps/gps-typescript.js';
import { wasmEngine } from './engine/wasm-engine.js';

describe('every argument of every wrapper: refused by name, or the numbers of the twin', () => {
  test.each([
    ['typescript', { kernels: typescriptEngine(), gps: typescriptGpsEngine() }],
    ['wasm', { kernels: wasmEngine(), gps: wasmGpsEngine() }],
  ])('%s', (_, engines) => {
    const { trials, failures } = tryArguments(engines);
    expect(failures).toEqual([]);
    expect(trials).toBeGreaterThan(5000);
  });

  const targets = (['avx512', 'avx2', 'neon', 'baseline'] as const).filter(
    (target) => nativeEngine(target).engine,
  );

  // In a process of its own, from the built package: a fault of the checks would end it.
  for (const target of targets) {
    test(`native ${target}`, () => {
      const script = fileURLToPath(new URL('../dist/testing/run-argument-trials.js', import.meta.url));
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, target], {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      expect({ signal, stderr, stdout }).toEqual({
        signal: null,
        stderr: '',
        stdout: expect.stringMatching(new RegExp(`^${target}: 1\\d{4} trials, 0 failures\\n$`)),
      });
      expect(status).toBe(0);
    });
  }
});
