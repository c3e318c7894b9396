import type { Accumulators } from '../accumulators/accumulators.js';
import { f32, f64, type Arguments, type WrapperCall } from './wrapper-call.js';

/** Arguments named `group.member` as one of them with a member object. */
function nested(args: Arguments, group: string): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  const flat: Record<string, unknown> = { [group]: members };
  for (const [name, value] of Object.entries(args)) {
    if (name.startsWith(`${group}.`)) members[name.slice(group.length + 1)] = value;
    else flat[name] = value;
  }
  return flat;
}

const call = <Name extends keyof Accumulators>(
  name: Name,
  rest: Omit<WrapperCall, 'caller' | 'run'>,
  optionsOf: (args: Arguments) => unknown = (args) => args,
): WrapperCall => ({
  caller: `accumulators.${name}`,
  ...rest,
  run({ kernels }, args) {
    (kernels.accumulators[name] as (options: unknown) => void)(optionsOf(args));
  },
});

const n = 13;

export const accumulatorCalls: WrapperCall[] = [
  call(
    'relativeChanges',
    {
      arrays: () => ({
        read: { gradient: f32('gradient', n), parameters: f32('parameters', n) },
        written: {
          'memory.gradient': f32('before', n),
          'memory.previous': f32('previous', n),
          'memory.earlier': f32('earlier', n),
          planes: new Float32Array(2 * n),
        },
      }),
      counts: { t: 3 },
      reals: { scale: 4, gradientOffset: 1, movementOffset: 0.1 },
    },
    (args) => nested(args, 'memory'),
  ),
  call(
    'moments',
    {
      arrays: () => ({
        read: { gradient: f32('gradient', n) },
        written: {
          'averages.momentum': f32('momentum', n),
          'averages.square': f32('square', n).map(Math.abs),
          'averages.total': f32('total', n).map(Math.abs),
          planes: new Float32Array(4 * n),
        },
      }),
      counts: { t: 3 },
      reals: { scale: 4, momentumDecay: 0.9, squareDecay: 0.95, floor: 1e-12, logUnit: 5 },
    },
    (args) => nested(args, 'averages'),
  ),
  call('standardise', {
    arrays: () => ({
      read: {
        planes: f32('planes', 3 * 20),
        mean: f64('mean', 3),
        deviation: f64('deviation', 3).map(Math.exp),
      },
      written: { inputs: f32('inputs', 3 * 15) },
    }),
    counts: { first: 3, count: 11, at: 2 },
    reals: { limit: 10 },
  }),
  call('ringMean', {
    arrays: () => ({ read: { values: f64('values', 4 * 9) }, written: { mean: new Float64Array(9) } }),
    counts: { oldest: 2, width: 3 },
    reals: { scale: 16 },
  }),
  call('ratios', {
    arrays: () => ({
      read: { now: f64('now', 9), before: f64('before', 9) },
      written: { ratio: new Float64Array(9) },
    }),
    reals: { offset: 1 },
  }),
  call('changeRatios', {
    arrays: () => ({
      read: { late: f64('late', 9), early: f64('early', 9), now: f64('now', 9), before: f64('before', 9) },
      written: { ratio: new Float64Array(9) },
    }),
    reals: { offset: 0.1 },
  }),
  call(
    'interleave',
    {
      arrays: () => ({
        read: {
          'groups[0].values': f64('columns', 60),
          'groups[0].starts': Int32Array.of(40, 7, -1, 20),
          'groups[1].values': f64('numbers', 5),
          'groups[1].starts': Int32Array.of(4, -1, 0),
        },
        written: { rows: new Float64Array(n * 7) },
      }),
      counts: { count: n },
      flags: { 'groups[1].shared': true },
      anyLength: ['groups[0].values', 'groups[1].values'],
    },
    ({ count, rows, ...rest }) => ({
      count,
      rows,
      groups: [0, 1].map((g) => nested(rest, `groups[${g}]`)[`groups[${g}]`]),
    }),
  ),
];

export const statelessCalls: WrapperCall[] = [
  {
    caller: 'preprocessGradient',
    arrays: () => ({ read: { gradient: f32('gradient', 21) }, written: { features: new Float32Array(42) } }),
    run({ kernels }, { gradient, features }) {
      kernels.preprocessGradient(gradient as Float32Array, 10, features as Float32Array);
    },
  },
  {
    caller: 'gemm',
    variant: 'single precision',
    arrays: () => ({
      read: { a: f32('a', 5 * 7), b: f32('b', 7 * 18) },
      written: { c: f32('c', 5 * 18) },
    }),
    counts: { m: 5, n: 18, k: 7 },
    reals: { alpha: 0.5, beta: 2 },
    flags: { transposeA: false, transposeB: true },
    run({ kernels }, args) {
      kernels.gemm(args as unknown as Parameters<typeof kernels.gemm>[0]);
    },
  },
  {
    caller: 'network',
    arrays: () => ({ read: {}, written: {} }),
    counts: { inputs: 7, 'layers[0].outputs': 6, 'layers[2].outputs': 3 },
    run: ({ kernels }, { inputs, 'layers[0].outputs': hidden, 'layers[2].outputs': outputs }) => [
      kernels.network({
        inputs: inputs as number,
        layers: [
          { kind: 'dense', outputs: hidden as number },
          { kind: 'activation', activation: 'relu' },
          { kind: 'dense', outputs: outputs as number },
        ],
        loss: 'squared-error',
      }).parameterCount,
    ],
  },
  {
    caller: 'mlp',
    arrays: () => ({ read: {}, written: {} }),
    counts: { 'sizes[0]': 7, 'sizes[1]': 6, 'sizes[2]': 3 },
    run: ({ kernels }, args) => [
      kernels.mlp({ sizes: Object.values(args) as number[], activation: 'relu', loss: 'squared-error' })
        .parameterCount,
    ],
  },
];
