import { f32, f64, type WrapperCall } from './wrapper-call.js';

export const psdCalls: WrapperCall[] = [
  ...[false, true].map((averages): WrapperCall => {
    const n = 13;
    return {
      caller: 'psdFeatures.observe',
      variant: averages ? 'with averages' : 'without averages',
      arrays: () => ({
        read: { gradient: f32('gradient', n), parameters: f32('parameters', n) },
        written: {
          'memory.gradient': f32('before', n),
          'memory.previous': f32('previous', n),
          'memory.earlier': f32('earlier', n),
          ...(averages && {
            'memory.momentum': f32('momentum', n),
            'memory.square': f32('square', n).map(Math.abs),
            'memory.total': f32('total', n).map(Math.abs),
          }),
          planes: new Float32Array((averages ? 7 : 3) * n),
        },
      }),
      counts: { t: 3 },
      reals: { change: 0.25, scale: 4 },
      run({ kernels }, { t, change, scale, gradient, parameters, planes, ...rest }) {
        const memory = Object.fromEntries(
          Object.entries(rest).map(([name, array]) => [name.slice('memory.'.length), array]),
        );
        const step = { t, change, scale, gradient, parameters, planes, memory };
        kernels.psdFeatures.observe(step as unknown as Parameters<typeof kernels.psdFeatures.observe>[0]);
      },
    };
  }),
  {
    caller: 'psdFeatures.standardise',
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
    run({ kernels }, args) {
      kernels.psdFeatures.standardise(
        args as unknown as Parameters<typeof kernels.psdFeatures.standardise>[0],
      );
    },
  },
  {
    caller: 'psdFeatures.recentMean',
    arrays: () => ({ read: { values: f64('values', 4 * 9) }, written: { mean: new Float64Array(9) } }),
    counts: { oldest: 2, width: 3 },
    reals: { scale: 16 },
    run({ kernels }, args) {
      kernels.psdFeatures.recentMean(args as unknown as Parameters<typeof kernels.psdFeatures.recentMean>[0]);
    },
  },
  {
    caller: 'psdFeatures.gradientSlot',
    arrays: () => ({
      read: { now: f64('now', 9), before: f64('before', 9) },
      written: { slot: new Float64Array(9) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float64Array>;
      kernels.psdFeatures.gradientSlot(args['now']!, args['before']!, args['slot']!);
    },
  },
  {
    caller: 'psdFeatures.ratioSlot',
    arrays: () => ({
      read: { late: f64('late', 9), early: f64('early', 9), now: f64('now', 9), before: f64('before', 9) },
      written: { slot: new Float64Array(9) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float64Array>;
      kernels.psdFeatures.ratioSlot(
        args['late']!,
        args['early']!,
        args['now']!,
        args['before']!,
        args['slot']!,
      );
    },
  },
  {
    caller: 'psdFeatures.states',
    arrays: () => ({
      read: {
        rows: Int32Array.of(40, 7, -1, 20),
        objective: f64('objective', 3),
        gradient: f64('gradient', 60),
        ratio: f64('ratio', 60),
        iterates: f64('iterates', 13),
      },
      written: { states: new Float64Array(13 * 11) },
    }),
    anyLength: ['gradient', 'ratio'],
    run({ kernels }, args) {
      kernels.psdFeatures.states(args as unknown as Parameters<typeof kernels.psdFeatures.states>[0]);
    },
  },
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
    caller: 'mlp',
    arrays: () => ({ read: {}, written: {} }),
    counts: { 'sizes[0]': 7, 'sizes[1]': 6, 'sizes[2]': 3 },
    run: ({ kernels }, args) => [
      kernels.mlp({ sizes: Object.values(args) as number[], activation: 'relu', loss: 'squared-error' })
        .parameterCount,
    ],
  },
];
