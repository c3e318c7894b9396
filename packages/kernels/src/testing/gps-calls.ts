import { createKey } from '@metadescent/core';
import type { LqgProblem, LqgShape } from '../gps/gps-engine.js';
import {
  emptyController,
  emptyMoments,
  emptyValues,
  positiveDefinite,
  randomLqgProblem,
} from './gps-random-problem.js';
import { f64, type Arguments, type EnginePair, type WrapperCall } from './wrapper-call.js';

const spd = (count: number, n: number) => positiveDefinite(createKey(4), count, n, 1);

export const algebraCalls: WrapperCall[] = [
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

export const lqgCalls = (['dense', 1] as const).flatMap((costRank): WrapperCall[] => {
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
