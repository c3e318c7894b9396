import type { PolicyTargets } from '../policy.js';

/**
 * Whitening of a network's inputs and scaling of its outputs, measured once on the first data set of each
 * group and then frozen, so that later fits refine the same network.
 */
export interface Whitening {
  /** Means of the observations [groups, O] */
  readonly mean: Float64Array;
  /** Standard deviations, at least 1e-3 (a constant input must not be blown up) [groups, O] */
  readonly deviation: Float64Array;
  /** Root mean square of the targets: unit of the outputs [groups, U] */
  readonly outputScale: Float64Array;
}

/** Smallest standard deviation (gps-reference: 1e-3). */
const DEVIATION_FLOOR = 1e-3;
/** Whitened inputs are clamped to ±10: off the training distribution a network extrapolates from there. */
export const WHITENED_LIMIT = 10;

/** @param shared pool all groups */
export function measureWhitening(
  data: readonly PolicyTargets[],
  O: number,
  U: number,
  T: number,
  shared: boolean,
): Whitening {
  const groups = data.length;
  const result = {
    mean: new Float64Array(groups * O),
    deviation: new Float64Array(groups * O),
    outputScale: new Float64Array(groups * U),
  };
  const sets = shared ? [data.map((_, g) => g)] : data.map((_, g) => [g]);
  for (const members of sets) {
    const rows = members.reduce((sum, g) => sum + T * data[g]!.rows, 0);
    const mean = new Float64Array(O);
    const square = new Float64Array(O);
    const output = new Float64Array(U);
    const each = (visit: (i: number, value: number) => void) => {
      for (const g of members) {
        for (let t = 0; t < T; t++) data[g]!.observations(t).forEach((value, at) => visit(at % O, value));
      }
    };
    each((i, value) => (mean[i]! += value / rows));
    each((i, value) => (square[i]! += (value - mean[i]!) ** 2 / rows));
    for (const g of members) data[g]!.targets.forEach((value, at) => (output[at % U]! += value ** 2 / rows));
    for (const g of members) {
      result.mean.set(mean, g * O);
      result.deviation.set(
        square.map((x) => Math.max(DEVIATION_FLOOR, Math.sqrt(x))),
        g * O,
      );
      result.outputScale.set(
        output.map((x) => (x > 0 ? Math.sqrt(x) : 1)),
        g * U,
      );
    }
  }
  return result;
}

/** (o − mean) / deviation, clamped; one value of dimension i of a group. */
export function whiten({ mean, deviation }: Whitening, index: number, value: number): number {
  return Math.min(WHITENED_LIMIT, Math.max(-WHITENED_LIMIT, (value - mean[index]!) / deviation[index]!));
}
