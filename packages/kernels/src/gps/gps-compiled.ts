import type { BareGpsEngine, BareLqg } from './bare-gps-engine.js';
import { checkedGpsEngine } from './checked-gps-engine.js';
import type { ActionPenalty, GpsEngine, LqgShape } from './gps-engine.js';

/**
 * Where an array is for the C code: an address in WebAssembly's memory, or the array itself for the native
 * library.
 */
export type GpsPlace = number | Float64Array | Int32Array | null;

/** The exported C functions, by the names in c/gps-*.c. */
export type GpsFunctions = Readonly<Record<GpsFunctionName, (...args: (GpsPlace | number)[]) => number>>;

export const gpsFunctionNames = [
  'gps_gemm_scratch',
  'gps_gemm',
  'gps_syrk_scratch',
  'gps_syrk',
  'gps_column_means',
  'gps_cholesky',
  'gps_cholesky_solve',
  'gps_lqg_scratch',
  'gps_lqg_backward',
  'gps_lqg_forward',
] as const;
export type GpsFunctionName = (typeof gpsFunctionNames)[number];

/** Memory that the C functions see, used as a stack. */
export interface GpsMemory {
  readonly functions: GpsFunctions;
  /** Puts an array on the stack; `read` brings back what C wrote there. */
  place(values: Float64Array | Int32Array): GpsPlace;
  /** Room for so many doubles, contents undefined. */
  reserve(doubles: number): GpsPlace;
  read(place: GpsPlace, into: Float64Array): void;
  /** Height of the stack, and back to such a height. */
  mark(): number;
  release(mark: number): void;
}

/**
 * The engine over compiled C code, whatever it was compiled to, with every argument checked. Every LQG kernel
 * gets a memory of its own, where its problem stays between calls.
 */
export function compiledGpsEngine(
  name: 'wasm' | 'native',
  detail: string,
  createMemory: () => GpsMemory,
  note?: string,
): GpsEngine {
  const shared = createMemory();
  const { functions } = shared;
  const call = <R>(work: () => R): R => {
    const mark = shared.mark();
    try {
      return work();
    } finally {
      shared.release(mark);
    }
  };
  const bare: BareGpsEngine = {
    name,
    detail,
    note,
    gemm({ m, n, k, a, b, c, transposeA, transposeB, alpha, beta }) {
      call(() => {
        const result = shared.place(c);
        const scratch = shared.reserve(functions.gps_gemm_scratch(n));
        functions.gps_gemm(
          m,
          n,
          k,
          shared.place(a),
          shared.place(b),
          result,
          Number(transposeA),
          Number(transposeB),
          alpha,
          beta,
          scratch,
        );
        shared.read(result, c);
      });
    },
    syrk({ rows, n, a, c, offset, alpha, beta }) {
      call(() => {
        const result = shared.place(c);
        const scratch = shared.reserve(functions.gps_syrk_scratch(n));
        functions.gps_syrk(
          rows,
          n,
          shared.place(a),
          offset ? shared.place(offset) : null,
          result,
          alpha,
          beta,
          scratch,
        );
        shared.read(result, c);
      });
    },
    columnMeans(rows, n, a, means) {
      call(() => {
        const result = shared.place(means);
        functions.gps_column_means(rows, n, shared.place(a), result);
        shared.read(result, means);
      });
    },
    cholesky(n, a, factor) {
      return call(() => {
        const result = shared.place(factor);
        const status = functions.gps_cholesky(n, a === factor ? result : shared.place(a), result);
        shared.read(result, factor);
        return status;
      });
    },
    choleskySolve(n, factor, columns, b) {
      call(() => {
        const result = shared.place(b);
        functions.gps_cholesky_solve(n, shared.place(factor), columns, result);
        shared.read(result, b);
      });
    },
    lqg: (shape) => compiledLqg(shape, createMemory),
  };
  return checkedGpsEngine(bare);
}

function compiledLqg(shape: LqgShape, createMemory: () => GpsMemory): BareLqg {
  const { stateSize: D, actionSize: U, horizon: T, costRank } = shape;
  const memory = createMemory();
  const { functions } = memory;
  let loaded:
    | {
        readonly mark: number;
        readonly dims: GpsPlace;
        readonly rows: GpsPlace;
        readonly scratch: GpsPlace;
        readonly model: GpsPlace[];
        readonly initial: GpsPlace[];
        readonly cost: GpsPlace[];
        readonly h: GpsPlace;
        readonly terms: GpsPlace[];
        readonly entropyWeight: GpsPlace;
      }
    | undefined;
  return {
    load(problem, actionRows) {
      memory.release(0);
      const rows = Int32Array.from(actionRows);
      const { action, policy, cost } = problem;
      const dims = Int32Array.of(
        D,
        U,
        T,
        costRank === 'dense' ? -1 : costRank,
        rows.length,
        action ? 1 : 0,
        policy ? 1 : 0,
      );
      const penalty = (part: ActionPenalty | undefined): GpsPlace[] =>
        part
          ? [memory.place(part.K), memory.place(part.k), memory.place(part.precision)]
          : [null, null, null];
      const places = {
        dims: memory.place(dims),
        rows: memory.place(rows),
        model: [
          memory.place(problem.A),
          memory.place(problem.B),
          memory.place(problem.c),
          memory.place(problem.F),
        ],
        initial: [memory.place(problem.initialMean), memory.place(problem.initialCovariance)],
        cost: [
          'C' in cost ? memory.place(cost.C) : memory.place(cost.factor),
          'C' in cost ? null : memory.place(cost.weight),
          memory.place(problem.d),
        ],
        h: memory.place(problem.h),
        terms: [
          ...(action
            ? [memory.place(action.R), memory.place(action.N), memory.place(action.r)]
            : [null, null, null]),
          ...penalty(problem.previous),
          ...penalty(policy),
        ],
        entropyWeight: memory.place(problem.entropyWeight),
      };
      const scratch = memory.reserve(functions.gps_lqg_scratch(places.dims));
      loaded = { ...places, scratch, mark: memory.mark() };
    },
    backward(eta, controller, values) {
      const { mark, dims, rows, scratch, model, cost, terms, entropyWeight } = loaded!;
      memory.release(mark);
      const outputs = [controller.K, controller.k, controller.G, ...(values ? [values.V, values.v] : [])];
      const places = outputs.map((array) => memory.place(array));
      const [A, B, c] = model as [GpsPlace, GpsPlace, GpsPlace];
      const status = functions.gps_lqg_backward(
        ...[dims, rows, A, B, c, ...cost, ...terms, entropyWeight, eta],
        ...[...places, ...(values ? [] : [null, null]), scratch],
      );
      places.forEach((place, i) => memory.read(place, outputs[i]!));
      return status;
    },
    forward(controller, moments) {
      const { mark, dims, rows, scratch, model, initial, cost, h, terms } = loaded!;
      memory.release(mark);
      const inputs = [controller.K, controller.k, controller.G].map((array) => memory.place(array));
      const outputs = [moments.cost, moments.previous, moments.policy, moments.mean, moments.finalCovariance];
      const places = outputs.map((array) => memory.place(array));
      functions.gps_lqg_forward(
        ...[dims, rows, ...model, ...initial, ...cost, h, ...terms],
        ...[...inputs, ...places, scratch],
      );
      places.forEach((place, i) => memory.read(place, outputs[i]!));
    },
  };
}
