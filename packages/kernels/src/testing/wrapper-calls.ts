import type { KernelEngine, LstmShape, MlpShape } from '../engine.js';
import type { GpsEngine, LqgProblem, LqgShape } from '../gps-engine.js';
import {
  emptyController,
  emptyMoments,
  emptyValues,
  positiveDefinite,
  randomLqgProblem,
} from './gps-random-problem.js';
import { createKey } from '@metadescent/core';
import { normals } from './random-arrays.js';

/** The engines of one instruction set. */
export interface EnginePair {
  readonly kernels: KernelEngine;
  readonly gps: GpsEngine;
}

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;
export type Arguments = Readonly<Record<string, unknown>>;

/** One valid call of a wrapper, of which trials change an argument at a time. Arguments have the names that error messages give them. */
export interface WrapperCall {
  /** As errors name it. */
  readonly caller: string;
  /** What else distinguishes it. */
  readonly variant?: string;
  /** New arrays at every call: those that are only read, and those that are written. */
  arrays(): {
    readonly read: Readonly<Record<string, Numbers>>;
    readonly written: Readonly<Record<string, Numbers>>;
  };
  /** Integers that must fit the arrays. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Any real numbers. */
  readonly reals?: Readonly<Record<string, number>>;
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Arrays that may be left out. */
  readonly optional?: readonly string[];
  /** Arrays of which a part is read, so that they may have any length. */
  readonly anyLength?: readonly string[];
  /**
   * Whether engines agree only on which numbers are finite: a saturated gate is 0 on one engine and 10⁻³⁸ on another, and with an infinite number
   * that makes NaN or ∞.
   */
  readonly looseInfinities?: boolean;
  /** Arrays whose infinities are not compared at all. */
  readonly finiteOnly?: readonly string[];
  /** Pairs that may be one array. */
  readonly mayShare?: readonly string[];
  /** Makes the call; returns numbers beside those in the written arrays. */
  run(engines: EnginePair, args: Arguments): readonly number[] | void;
}

/** Draws are made once; every call gets a copy. */
const drawn = new Map<string, Float32Array>();
function f32(name: string, length: number): Float32Array {
  const key = `${name} ${length}`;
  const draw = drawn.get(key) ?? normals(name, length, 0.5);
  drawn.set(key, draw);
  return draw.slice();
}
const f64 = (name: string, length: number) => Float64Array.from(f32(name, length));
const spd = (count: number, n: number) => positiveDefinite(createKey(4), count, n, 1);

const lstmShape: LstmShape = { inputs: 2, hidden: 5, layers: 2 };
const LSTM_WEIGHTS = 4 * 5 * (2 + 5 + 1) + 4 * 5 * (5 + 5 + 1) + 6;
const COORDINATES = 19;
const STATE = 2 * 2 * 5 * COORDINATES;
const STEPS = 3;

const mlpCall = (loss: MlpShape['loss']): WrapperCall[] => {
  const shape: MlpShape = { sizes: [7, 6, 3], activation: 'tanh', loss };
  const rows = 21;
  const parameterCount = 8 * 6 + 7 * 3;
  const batch = () => ({
    inputs: f32('inputs', 7 * rows),
    targets:
      loss === 'squared-error'
        ? f32('targets', 3 * rows)
        : Uint8Array.from({ length: rows }, (_, i) => i % 3),
  });
  return [
    {
      caller: 'MlpKernel.setBatch',
      variant: loss,
      arrays: () => ({ read: batch(), written: {} }),
      run({ kernels }, { inputs, targets }) {
        const kernel = kernels.mlp(shape);
        kernel.setBatch(inputs as Float32Array, targets as Uint8Array);
        const gradient = new Float32Array(parameterCount);
        return [kernel.evaluate(f32('parameters', parameterCount), gradient), ...gradient];
      },
    },
    {
      caller: 'MlpKernel.evaluate',
      variant: loss,
      arrays: () => ({
        read: { parameters: f32('parameters', parameterCount) },
        written: { gradient: new Float32Array(parameterCount) },
      }),
      optional: ['gradient'],
      // As with the LSTM: the last block of examples is filled up with zeros.
      finiteOnly: ['parameters'],
      run({ kernels }, { parameters, gradient }) {
        const kernel = kernels.mlp(shape);
        const { inputs, targets } = batch();
        kernel.setBatch(inputs, targets);
        return [kernel.evaluate(parameters as Float32Array, gradient as Float32Array | undefined)];
      },
    },
  ];
};

const lstmCalls: WrapperCall[] = [
  {
    caller: 'LstmKernel.step',
    arrays: () => ({
      read: { weights: f32('weights', LSTM_WEIGHTS), inputs: f32('inputs', 2 * COORDINATES) },
      written: { state: f32('state', STATE), outputs: new Float32Array(COORDINATES) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      kernels.lstm(lstmShape).step(args['weights']!, args['inputs']!, args['state']!, args['outputs']!);
    },
  },
  {
    caller: 'LstmKernel.sequence',
    arrays: () => ({
      read: { weights: f32('weights', LSTM_WEIGHTS), inputs: f32('inputs', STEPS * 2 * COORDINATES) },
      written: { state: f32('state', STATE), outputs: new Float32Array(STEPS * COORDINATES) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      kernels.lstm(lstmShape).sequence(args['weights']!, args['inputs']!, args['state']!, args['outputs']!);
    },
  },
  ...[false, true].map((traced): WrapperCall => ({
    caller: 'LstmKernel.backpropagate',
    variant: traced ? 'with a trace' : 'without a trace',
    looseInfinities: true,
    // The C kernels fill up the last block with coordinates that are 0: times an infinite weight that is NaN, and reaches the sum of gradients.
    finiteOnly: ['weights'],
    arrays: () => ({
      read: {
        weights: f32('weights', LSTM_WEIGHTS),
        initialState: f32('state', STATE),
        inputs: f32('inputs', STEPS * 2 * COORDINATES),
        cotangent: f32('cotangent', STEPS * COORDINATES),
      },
      written: { weightGradient: f32('gradient', LSTM_WEIGHTS) },
    }),
    run({ kernels }, a) {
      const args = a as Record<string, Float32Array>;
      const kernel = kernels.lstm(lstmShape);
      const [weights, state] = [args['weights']!, args['initialState']!];
      const trace = traced ? kernel.createTrace(COORDINATES, STEPS) : undefined;
      if (trace) {
        try {
          kernel.sequence(
            weights,
            args['inputs']!,
            state.slice(),
            new Float32Array(STEPS * COORDINATES),
            trace,
          );
        } catch {
          // The trace stays empty: what is wrong with these arrays is the backpropagation's to say.
        }
      }
      kernel.backpropagate(
        weights,
        state,
        args['inputs']!,
        args['cotangent']!,
        args['weightGradient']!,
        trace,
      );
      trace?.dispose();
    },
  })),
  {
    caller: 'LstmKernel.createTrace',
    arrays: () => ({ read: {}, written: {} }),
    counts: { n: COORDINATES, capacity: STEPS },
    run({ kernels }, { n, capacity }) {
      const trace = kernels.lstm(lstmShape).createTrace(n as number, capacity as number, 2 ** 20);
      return [trace.coordinates, trace.capacity];
    },
  },
  {
    caller: 'lstm',
    arrays: () => ({ read: {}, written: {} }),
    counts: { inputs: 2, hidden: 5, layers: 2 },
    run: ({ kernels }, shape) => [kernels.lstm(shape as unknown as LstmShape).weightCount],
  },
];

const psdCalls: WrapperCall[] = [
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

const statelessCalls: WrapperCall[] = [
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

const algebraCalls: WrapperCall[] = [
  {
    caller: 'gemm',
    variant: 'double precision',
    // α times a sum, or a sum of products with α.
    looseInfinities: true,
    arrays: () => ({ read: { a: f64('a', 5 * 7), b: f64('b', 7 * 18) }, written: { c: f64('c', 5 * 18) } }),
    counts: { m: 5, n: 18, k: 7 },
    reals: { alpha: 0.5, beta: 2 },
    flags: { transposeA: true, transposeB: false },
    run({ gps }, args) {
      gps.gemm(args as unknown as Parameters<typeof gps.gemm>[0]);
    },
  },
  {
    caller: 'syrk',
    arrays: () => ({
      read: { a: f64('a', 11 * 6), offset: f64('offset', 6) },
      written: { c: spd(1, 6) },
    }),
    counts: { rows: 11, n: 6 },
    reals: { alpha: 0.5, beta: 2 },
    optional: ['offset'],
    run({ gps }, args) {
      gps.syrk(args as unknown as Parameters<typeof gps.syrk>[0]);
    },
  },
  {
    caller: 'columnMeans',
    arrays: () => ({ read: { a: f64('a', 11 * 6) }, written: { means: new Float64Array(6) } }),
    counts: { rows: 11, n: 6 },
    run({ gps }, { rows, n, a, means }) {
      gps.columnMeans(rows as number, n as number, a as Float64Array, means as Float64Array);
    },
  },
  {
    caller: 'cholesky',
    arrays: () => ({ read: { a: spd(1, 6) }, written: { factor: new Float64Array(36) } }),
    counts: { n: 6 },
    mayShare: ['a', 'factor'],
    run: ({ gps }, { n, a, factor }) => [
      gps.cholesky(n as number, a as Float64Array, factor as Float64Array),
    ],
  },
  {
    caller: 'choleskySolve',
    arrays: () => ({ read: { factor: spd(1, 6) }, written: { b: f64('b', 12) } }),
    counts: { n: 6, columns: 2 },
    run({ gps }, { n, factor, columns, b }) {
      gps.choleskySolve(n as number, factor as Float64Array, columns as number, b as Float64Array);
    },
  },
  {
    caller: 'lqg',
    arrays: () => ({ read: {}, written: {} }),
    counts: { stateSize: 4, actionSize: 2, horizon: 3, costRank: 1 },
    run: ({ gps }, shape) => [gps.lqg(shape as unknown as LqgShape).shape.horizon],
  },
];

/** A problem as a flat record of arrays, and back. */
function flatProblem(problem: LqgProblem): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(problem).flatMap(([name, part]) =>
      part instanceof Float64Array
        ? [[name, part]]
        : Object.entries(part as Record<string, Float64Array>).map(([inner, array]) => [
            `${name}.${inner}`,
            array,
          ]),
    ),
  ) as Record<string, Float64Array>;
}

function nestedProblem(flat: Arguments): LqgProblem {
  const problem: Record<string, unknown> = {};
  for (const [name, array] of Object.entries(flat)) {
    const [outer, inner] = name.split('.') as [string, string?];
    problem[outer] = inner ? { ...(problem[outer] as object | undefined), [inner]: array } : array;
  }
  return problem as unknown as LqgProblem;
}

const lqgCalls = (['dense', 1] as const).flatMap((costRank): WrapperCall[] => {
  const shape: LqgShape = { stateSize: 5, actionSize: 2, horizon: 3, costRank };
  const variant = `cost ${costRank}`;
  const drawnProblem = flatProblem(randomLqgProblem('trials', shape));
  const problem = () =>
    nestedProblem(
      Object.fromEntries(Object.entries(drawnProblem).map(([name, array]) => [name, array.slice()])),
    );
  const loaded = ({ gps }: EnginePair) => {
    const kernel = gps.lqg(shape);
    kernel.load(problem());
    return kernel;
  };
  return [
    {
      caller: 'lqg.load',
      variant,
      arrays: () => ({ read: flatProblem(problem()), written: {} }),
      run({ gps }, flat) {
        const kernel = gps.lqg(shape);
        kernel.load(nestedProblem(flat));
        const [controller, values, moments] = [
          emptyController(shape),
          emptyValues(shape),
          emptyMoments(shape),
        ];
        const failed = kernel.backward(0.8, controller, values);
        // What is left of a pass that failed is undefined.
        if (failed >= 0) return [failed];
        kernel.forward(controller, moments);
        return [
          failed,
          ...[controller, values, moments].flatMap((part) => Object.values(part).flatMap((x) => [...x])),
        ];
      },
    },
    {
      caller: 'lqg.backward',
      variant,
      arrays: () => ({ read: {}, written: { ...emptyController(shape), ...emptyValues(shape) } }),
      reals: { eta: 0.8 },
      run(engines, { eta, K, k, G, V, v }) {
        const controller = { K, k, G } as unknown as ReturnType<typeof emptyController>;
        const values = { V, v } as unknown as ReturnType<typeof emptyValues>;
        const failed = loaded(engines).backward(eta as number, controller, values);
        if (failed >= 0) for (const array of [K, k, G, V, v] as Float64Array[]) array.fill(0);
        return [failed];
      },
    },
    {
      caller: 'lqg.forward',
      variant,
      arrays: () => ({
        read: { K: f64('K', 30), k: f64('k', 6), G: spd(3, 2) },
        written: { ...emptyMoments(shape) },
      }),
      run(engines, { K, k, G, ...moments }) {
        const controller = { K, k, G } as unknown as ReturnType<typeof emptyController>;
        loaded(engines).forward(controller, moments as unknown as ReturnType<typeof emptyMoments>);
      },
    },
  ];
});

/** Every wrapper of every engine. */
export const wrapperCalls: readonly WrapperCall[] = [
  ...statelessCalls,
  ...lstmCalls,
  ...mlpCall('softmax-cross-entropy'),
  ...mlpCall('squared-error'),
  ...psdCalls,
  ...algebraCalls,
  ...lqgCalls,
];
