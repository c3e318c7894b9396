import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { loadFirst, wasmCandidate, cpuCandidate, type BackendCandidate } from './backend-candidates.js';
import { loadBackend } from './node/backend.js';

tf.env().set('PROD', true);

test('without tfjs-node, wasm runs with SIMD and with the kernels for training, and that is no news', async () => {
  const said: string[] = [];
  const loaded = await loadBackend({ onMessage: (message) => said.push(message) });
  expect(loaded).toEqual({ name: 'wasm', detail: 'tfjs wasm simd', refused: [] });
  expect(said).toEqual([]);
  expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeDefined();
});

test('a backend that does not load, and one that then fails at the first operation, as tfjs-node on Node 23, are passed over', async () => {
  tf.registerBackend('broken', () => {
    throw new TypeError('util_1.isNullOrUndefined is not a function\n    at …');
  });
  const unbuilt: BackendCandidate = {
    name: 'wasm',
    backend: 'unbuilt',
    async register() {
      throw new Error('The native addon can not be found.\nRun npm rebuild');
    },
    detail: async () => 'unbuilt',
  };
  const broken: BackendCandidate = {
    name: 'node',
    backend: 'broken',
    register: async () => undefined,
    detail: async () => 'broken',
  };
  const said: string[] = [];
  const loaded = await loadFirst([unbuilt, broken, cpuCandidate], {
    onMessage: (message) => said.push(message),
  });
  expect(loaded).toMatchObject({
    name: 'cpu',
    refused: [
      'wasm cannot be had: The native addon can not be found',
      expect.stringContaining('node cannot be had'),
    ],
  });
  expect(said).toEqual([`backend: tfjs cpu (${loaded.refused.join('; ')})`]);
  expect(said[0]).not.toContain('\n');
});

test('tfjs-node that was asked for and is not installed is said to be missing, in one line', async () => {
  const said: string[] = [];
  const { name, refused } = await loadBackend({
    candidates: ['node', 'wasm'],
    onMessage: (message) => said.push(message),
  });
  expect(name).toBe('wasm');
  expect(refused).toEqual([expect.stringMatching(/^node cannot be had: .*tfjs-node/)]);
  expect(said).toEqual([`backend: tfjs wasm simd (${refused[0]})`]);
  await expect(loadBackend({ candidates: ['constructor' as 'node'] })).rejects.toThrow(
    'there is no backend "constructor" here; choose from node, wasm, cpu',
  );
});

test('the caller may choose, and a first choice that runs is silent', async () => {
  const said: string[] = [];
  const options = { candidates: ['cpu'], onMessage: (message: string) => said.push(message) } as const;
  expect(await loadFirst([wasmCandidate, cpuCandidate], options)).toEqual({
    name: 'cpu',
    detail: 'tfjs cpu',
    refused: [],
  });
  expect(said).toEqual([]);
  await expect(loadFirst([cpuCandidate], { candidates: ['node'] })).rejects.toThrow(
    'there is no backend "node" here; choose from cpu',
  );
});
