import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, inflateSync } from 'node:zlib';

import { allFinite, createKey, readSafetensors, writeSafetensors } from '@metadescent/core';
import { decodeState, encodeState } from '@metadescent/guided-policy-search';
import {
  initialWeights,
  lstmRuleSchema,
  readTrainedRule,
  writeTrainedRule,
} from '@metadescent/lstm-optimizer';
import {
  metaAdam,
  metaTrainingStateFromTensors,
  metaTrainingStateToTensors,
} from '@metadescent/meta-learning';
import {
  idxDataset,
  parseCifar10,
  parseCifar100,
  parseIdx,
  parseMat,
  parseTfd,
} from '@metadescent/optimizees';
import { loadIdxDataset } from '@metadescent/optimizees/node';
import {
  initialPsdWeights,
  psdRuleSchema,
  readWeights,
  writeWeights,
} from '@metadescent/predicted-step-descent';
import { decodeCheckpoint, encodeCheckpoint, readRun } from '@metadescent/runtime';

/**
 * A reader with files that it reads.
 *
 * @typedef {object} Reader
 * @property {string} name
 * @property {'binary' | 'json' | 'headed'} kind what its files are, for the mutations (see `mutate`)
 * @property {readonly Uint8Array[]} seeds whole files
 * @property {(bytes: Uint8Array) => void} read reads, and throws an `Unsound` if what is accepted is not sound
 */

/** What was accepted and should not have been. */
export class Unsound extends Error {
  /** @override */
  name = 'Unsound';
}

/**
 * @param {boolean} holds
 * @param {string} what
 * @returns {asserts holds}
 */
function sound(holds, what) {
  if (!holds) throw new Unsound(what);
}

/** @param {string} name */
const seedFile = (name) => new Uint8Array(readFileSync(new URL(`../seeds/${name}`, import.meta.url)));
/** @param {number} length @param {number} limit */
const ramp = (length, limit) => Array.from({ length }, (_, i) => (31 * i) % limit);
/** @param {string} text */
const textFile = (text) => new TextEncoder().encode(text);
/** @param {readonly number[]} shape */
const product = (shape) => shape.reduce((size, side) => size * side, 1);

/** @param {readonly number[]} shape @param {readonly number[]} values */
function idxFile(shape, values) {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((side, i) => view.setUint32(4 + 4 * i, side));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

/** Three labels as 32-bit integers. */
const WIDE_LABELS = Uint8Array.of(0, 0, 0x0c, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4);
const IMAGES = idxFile([3, 2, 2], ramp(12, 256));
const LABELS = idxFile([3], [1, 0, 4]);

/**
 * @param {import('@metadescent/optimizees').LabelledDataset} dataset @param {number} most bytes that the
 * inputs may take
 */
function soundDataset(dataset, most) {
  sound(dataset.count >= 1 && dataset.inputSize >= 1, 'a data set has no examples');
  sound(dataset.inputs.length === dataset.count * dataset.inputSize, 'inputs and count differ');
  sound(dataset.labels.length === dataset.count, 'labels and count differ');
  sound(
    dataset.labels.every((label) => label < dataset.classes),
    'a label is no class',
  );
  sound(dataset.inputs.byteLength <= most, 'the inputs take more memory than the file can hold');
}

/** The bound that parseMat and the loaders state. @param {number} size */
const mostUnpacked = (size) => 2 ** 26 + 100 * size;
/** @param {Uint8Array} bytes @param {number} limit */
const inflate = (bytes, limit) => inflateSync(bytes, { maxOutputLength: Math.max(1, limit) });

/** @param {import('@metadescent/core').TensorFile['tensors']} tensors */
const bytesOf = (tensors) => Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
/** @param {Uint8Array} a @param {Uint8Array} b */
const sameBytes = (a, b) => Buffer.compare(a, b) === 0;

/** @type {Reader[]} */
const DATA_SETS = [
  {
    name: 'parseIdx',
    kind: 'binary',
    seeds: [IMAGES, LABELS, WIDE_LABELS],
    read(bytes) {
      const { shape, data } = parseIdx(bytes);
      sound(data.length === product(shape), 'shape and data differ');
      sound(data.byteLength <= bytes.length, 'more data than bytes');
    },
  },
  {
    name: 'idxDataset, images',
    kind: 'binary',
    seeds: [IMAGES],
    read: (bytes) =>
      soundDataset(idxDataset(parseIdx(bytes), parseIdx(LABELS), { name: 'fuzz' }), bytes.length),
  },
  {
    name: 'idxDataset, labels',
    kind: 'binary',
    seeds: [LABELS, WIDE_LABELS],
    read: (bytes) =>
      soundDataset(
        idxDataset(parseIdx(IMAGES), parseIdx(bytes), { name: 'fuzz', classes: 5 }),
        IMAGES.length,
      ),
  },
  {
    name: 'parseCifar10',
    kind: 'binary',
    seeds: [
      Uint8Array.from([3, ...ramp(3072, 256)]),
      Uint8Array.from([9, ...ramp(3072, 251), 0, ...ramp(3072, 7)]),
    ],
    read: (bytes) => soundDataset(parseCifar10([bytes]), bytes.length),
  },
  {
    name: 'parseCifar100',
    kind: 'binary',
    seeds: [Uint8Array.from([3, 7, ...ramp(3072, 256)])],
    read: (bytes) => soundDataset(parseCifar100([bytes]), bytes.length),
  },
  {
    name: 'parseMat',
    kind: 'binary',
    seeds: [seedFile('little-endian.mat'), seedFile('big-endian.mat'), seedFile('compressed.mat')],
    read(bytes) {
      let taken = 0;
      for (const { shape, data } of parseMat(bytes, { inflate }).arrays.values()) {
        sound(data.length === product(shape), 'shape and data differ');
        taken += data.byteLength;
      }
      sound(taken <= mostUnpacked(bytes.length), 'more memory than the bound that is stated');
    },
  },
  {
    name: 'parseTfd',
    kind: 'binary',
    seeds: [seedFile('tfd.mat'), seedFile('tfd-compressed.mat')],
    read: (bytes) => soundDataset(parseTfd(bytes, {}, inflate), mostUnpacked(bytes.length)),
  },
];

/** The state of a meta-training within an unroll. */
const training = {
  round: 3,
  point: Float32Array.of(0.5, -1, 2),
  updater: { first: new Float64Array(3), second: Float64Array.of(1, 2, 3), count: 7 },
  cursors: { steps: 10, running: [{ unroll: 1, cursor: { iteration: 10, parameters: Float32Array.of(4) } }] },
  recorded: 2,
  window: { objectiveSum: 0.5, steps: 10, norms: [1, Infinity], clipped: 1, failed: 1 },
  best: { point: Float32Array.of(0.25, 0, 1), score: 0.5, round: 2 },
};
const rule = lstmRuleSchema.parse({
  hidden: 2,
  layers: 1,
  networks: [{ name: 'all', roles: ['weight', 'bias'] }],
});
const psdRule = psdRuleSchema.parse({ hidden: 2, networks: [{ depth: 'first', role: 'weight' }] });
const doubles = (/** @type {number} */ length) => Float64Array.from(createKey(2).normal(length));
const controller = { stateSize: 2, actionSize: 1, horizon: 3, K: doubles(6), k: doubles(3), G: doubles(3) };
const state = {
  iteration: 3,
  controllers: [controller],
  duals: [{ lambda: doubles(3), nu: doubles(3) }],
  eta: [Infinity],
  stepMultiplier: 1,
  policy: { weights: Float32Array.of(1, -0), name: 'linear' },
  policyCovariances: [doubles(1)],
  best: { iteration: 1, cost: 2.5, controllers: [controller] },
  worse: 0,
};
const TENSORS = {
  weights: { shape: [2, 3], data: Float32Array.of(1, -2, 3, 4, 5, 6) },
  scalar: { shape: [], data: Float64Array.of(Math.PI) },
  counters: { shape: [2], data: Int32Array.of(-1, 7) },
  empty: { shape: [0, 3], data: new Uint8Array(0) },
};

/** @type {Reader[]} */
const SAFETENSORS = [
  {
    name: 'readSafetensors',
    kind: 'headed',
    seeds: [
      writeSafetensors({ tensors: TENSORS, metadata: { config: '{"seed":7}', note: 'free text' } }),
      writeSafetensors({ tensors: { a: TENSORS.counters }, metadata: {} }),
    ],
    read(bytes) {
      const { tensors, metadata } = readSafetensors(bytes);
      for (const { shape, data } of Object.values(tensors))
        sound(data.length === product(shape), 'shape and data differ');
      sound(bytesOf(tensors) <= 5 * bytes.length, 'more than 5 times the bytes of the file');
      const written = writeSafetensors({ tensors, metadata });
      const again = readSafetensors(written);
      sound(sameBytes(written, writeSafetensors(again)), 'what is written again is not what was read');
      sound(
        Object.keys(tensors).length === Object.keys(again.tensors).length,
        'a name is lost when it is written again',
      );
    },
  },
  {
    name: 'decodeCheckpoint',
    kind: 'headed',
    seeds: [
      encodeCheckpoint({
        step: 40,
        tensors: TENSORS,
        state: { at: [1, NaN], name: 'x' },
        score: 0.5,
        metadata: { config: '{}' },
      }),
      encodeCheckpoint({ step: 0, tensors: {} }),
    ],
    read(bytes) {
      const checkpoint = decodeCheckpoint(bytes);
      sound(Number.isSafeInteger(checkpoint.step) && checkpoint.step >= 0, 'the step is no count');
      const written = encodeCheckpoint(checkpoint);
      sound(
        sameBytes(written, encodeCheckpoint(decodeCheckpoint(written))),
        'what is written again is not what was read',
      );
    },
  },
  {
    name: 'readTrainedRule',
    kind: 'headed',
    seeds: [writeTrainedRule(rule, initialWeights(rule, createKey(1)), { seed: '1' })],
    read(bytes) {
      const trained = readTrainedRule(bytes);
      sound(allFinite(trained.weights), 'weights are not finite');
      writeTrainedRule(trained.rule, trained.weights, trained.provenance);
    },
  },
  {
    name: 'readWeights',
    kind: 'headed',
    seeds: [writeWeights(initialPsdWeights(psdRule, createKey(1), 0.03), { seed: '1' })],
    read(bytes) {
      const { weights, provenance } = readWeights(bytes);
      sound(
        [weights.lstm, weights.mean, weights.deviation, weights.outputScale].every(allFinite),
        'weights are not finite',
      );
      writeWeights(weights, provenance);
    },
  },
  {
    name: 'decodeState',
    kind: 'headed',
    seeds: [encodeState(state)],
    read(bytes) {
      const written = encodeState(decodeState(bytes));
      sound(
        sameBytes(written, encodeState(decodeState(written))),
        'what is written again is not what was read',
      );
    },
  },
  {
    name: 'metaTrainingStateFromTensors',
    kind: 'headed',
    seeds: [writeSafetensors(metaTrainingStateToTensors('rule', training))],
    read(bytes) {
      const fits = { training: 'rule', updater: metaAdam(), point: new Float32Array(3) };
      const read = (/** @type {Uint8Array} */ file) =>
        metaTrainingStateFromTensors(fits, readSafetensors(file));
      const state = read(bytes);
      sound(state.point.length === 3 && state.updater.first.length === 3, 'not the state of this training');
      const written = writeSafetensors(metaTrainingStateToTensors('rule', state));
      sound(
        sameBytes(written, writeSafetensors(metaTrainingStateToTensors('rule', read(written)))),
        'what is written again is not what was read',
      );
    },
  },
];

const environment = {
  node: 'v20.19.0',
  platform: 'linux-x64',
  cpu: 'a cpu',
  cores: 2,
  engine: 'wasm',
  packages: { '@metadescent/core': '0.1.0' },
};
const RUN = {
  'config.json': '{"steps":100,"rate":0.1,"name":"first"}\n',
  'environment.json': `${JSON.stringify([environment], null, 2)}\n`,
  'metrics.jsonl': '{"step":1,"loss":0.5}\n{"step":2,"loss":"NaN","nested":{"a":[1,2]}}\n',
  'timing.jsonl': '{"step":1,"seconds":0.25}\n',
  'outcome.json': '{"status":"finished"}\n',
};

/** A folder in memory where there is one: a million small files are written. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/**
 * Readers of files on the disk, each in a folder of its own.
 *
 * @param {string} root an empty folder
 * @returns {Reader[]}
 */
function fileReaders(root) {
  writeFileSync(join(root, 'labels'), LABELS);
  const runs = Object.entries(RUN).map(([name, text]) => {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), RUN['config.json']);
    return {
      name: `readRun, ${name}`,
      kind: /** @type {const} */ ('json'),
      seeds: [textFile(text)],
      read(/** @type {Uint8Array} */ bytes) {
        writeFileSync(join(folder, name), bytes);
        const { metrics, timing, environments } = readRun(folder);
        for (const record of [...metrics, ...timing, ...environments]) {
          sound(
            typeof record === 'object' && record !== null && !Array.isArray(record),
            `a record is ${JSON.stringify(record)}`,
          );
        }
      },
    };
  });
  /** @type {Reader} */
  const compressed = {
    name: 'loadIdxDataset, compressed',
    kind: 'binary',
    seeds: [gzipSync(IMAGES), IMAGES],
    read(bytes) {
      const images = join(root, 'images');
      writeFileSync(images, bytes);
      soundDataset(loadIdxDataset(images, join(root, 'labels')), mostUnpacked(bytes.length));
    },
  };
  return [...runs, compressed];
}

/**
 * Opens all readers; those of files work in a temporary folder that `close` removes.
 *
 * @returns {{ readers: readonly Reader[], close: () => void }}
 */
export function openReaders() {
  const folder = mkdtempSync(join(FOLDER, 'metadescent-fuzz-'));
  return {
    readers: [...DATA_SETS, ...SAFETENSORS, ...fileReaders(folder)],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
