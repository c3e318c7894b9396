import {
  requireAnyLength,
  requireArray,
  requireDisjoint,
  requireMultiple,
  requireNumber,
} from '../engine/array-checks.js';
import type {
  PsdMemory,
  PsdObservation,
  PsdRecentMean,
  PsdStandardisation,
  PsdStates,
} from './accumulators.js';

/** The averages of a memory that has them. */
export type PsdAverages = Required<Pick<PsdMemory, 'momentum' | 'square' | 'total'>>;

/** The options of a call, read once, with the extents that they tell. */
export type CheckedObservation = PsdObservation & { readonly n: number; readonly averages?: PsdAverages };
/** n coordinates in the planes, `total` in the inputs. */
export type CheckedStandardisation = PsdStandardisation & {
  readonly features: number;
  readonly n: number;
  readonly total: number;
};
export type CheckedRecentMean = PsdRecentMean & { readonly n: number; readonly rows: number };
/** H objective slots of `count` coordinates. */
export type CheckedStates = PsdStates & { readonly history: number; readonly count: number };

export function checkObservation(step: PsdObservation): CheckedObservation {
  const caller = 'psdFeatures.observe';
  const { t, change, scale, gradient, parameters, memory, planes } = step;
  const { gradient: before, previous, earlier, momentum, square, total } = memory;
  const n = requireAnyLength(caller, 'gradient', gradient, 'Float32Array');
  if (!Number.isInteger(t) || t < 0 || t >= 2 ** 31)
    throw new RangeError(`${caller}: \`t\` must be an integer ≥ 0, but is ${t}`);
  requireNumber(caller, 'change', change);
  requireNumber(caller, 'scale', scale);
  const parts = { 'memory.gradient': before, 'memory.previous': previous, 'memory.earlier': earlier };
  for (const [name, array] of Object.entries({ parameters, ...parts }))
    requireArray(caller, name, array, 'Float32Array', n, '[n]');
  const averages = { 'memory.momentum': momentum, 'memory.square': square, 'memory.total': total };
  const present = Object.values(averages).some((array) => array !== undefined);
  if (present) {
    for (const [name, array] of Object.entries(averages))
      requireArray(caller, name, array as Float32Array, 'Float32Array', n, '[n], with the other averages,');
  }
  const meaning = present ? '[7, n]' : '[3, n]';
  requireArray(caller, 'planes', planes, 'Float32Array', (present ? 7 : 3) * n, meaning);
  requireDisjoint(caller, { planes, ...parts, ...averages }, { gradient, parameters });
  const held = { gradient: before, previous, earlier };
  const given = { t, change, scale, gradient, parameters, memory: held, planes, n };
  return momentum && square && total ? { ...given, averages: { momentum, square, total } } : given;
}

export function checkStandardisation(run: PsdStandardisation): CheckedStandardisation {
  const caller = 'psdFeatures.standardise';
  const { planes, first, count, mean, deviation, limit, inputs, at } = run;
  requireNumber(caller, 'limit', limit);
  if (!(limit >= 0)) throw new RangeError(`${caller}: \`limit\` must be at least 0, but is ${limit}`);
  const features = requireMultiple(caller, 'mean', mean, 'Float64Array', 1, '[I]');
  requireArray(caller, 'deviation', deviation, 'Float64Array', features, '[I]');
  const n = requireMultiple(caller, 'planes', planes, 'Float32Array', features, '[I, n]');
  const total = requireMultiple(caller, 'inputs', inputs, 'Float32Array', features, '[I, m]');
  requireRange(caller, 'first', first, count, n);
  requireRange(caller, 'at', at, count, total);
  requireDisjoint(caller, { inputs }, { planes, mean, deviation });
  return { planes, first, count, mean, deviation, limit, inputs, at, features, n, total };
}

export function checkRecentMean(options: PsdRecentMean): CheckedRecentMean {
  const caller = 'psdFeatures.recentMean';
  const { values, oldest, width, scale, mean } = options;
  requireNumber(caller, 'scale', scale);
  const n = requireMultiple(caller, 'mean', mean, 'Float64Array', 1, '[n]');
  const rows = requireMultiple(caller, 'values', values, 'Float64Array', n, '[rows, n]');
  requireRange(caller, 'oldest', oldest, 1, rows);
  if (!Number.isInteger(width) || width < 1 || width > rows)
    throw new RangeError(`${caller}: \`width\` must be an integer in 1 … ${rows}, but is ${width}`);
  requireDisjoint(caller, { mean }, { values });
  return { values, oldest, width, scale, mean, n, rows };
}

/** Checks that the arrays of a slot are all [n]; returns n. */
export function checkSlot(
  caller: 'psdFeatures.gradientSlot' | 'psdFeatures.ratioSlot',
  arrays: Readonly<Record<string, Float64Array>>,
  slot: Float64Array,
): number {
  const n = requireAnyLength(caller, 'slot', slot, 'Float64Array');
  for (const [name, array] of Object.entries(arrays))
    requireArray(caller, name, array, 'Float64Array', n, '[n]');
  requireDisjoint(caller, { slot }, arrays);
  return n;
}

export function checkStates(options: PsdStates): CheckedStates {
  const caller = 'psdFeatures.states';
  const { rows: given, objective, gradient, ratio, iterates, states } = options;
  const history = requireAnyLength(caller, 'objective', objective, 'Float64Array');
  const count = requireAnyLength(caller, 'iterates', iterates, 'Float64Array');
  requireArray(caller, 'rows', given, 'Int32Array', history + 1, '[H + 1]');
  // C indexes with rows: a copy of its own cannot change after it was checked.
  const rows = Int32Array.from(given);
  const gradientLength = requireAnyLength(caller, 'gradient', gradient, 'Float64Array');
  const ratioLength = requireAnyLength(caller, 'ratio', ratio, 'Float64Array');
  requireArray(caller, 'states', states, 'Float64Array', count * (2 + 3 * history), '[count, 2 + 3H]');
  rows.forEach((row, i) => {
    if (row < 0) return;
    requireRange(caller, `rows[${i}]`, row, count, gradientLength);
    if (i < history) requireRange(caller, `rows[${i}]`, row, count, ratioLength);
  });
  requireDisjoint(caller, { states }, { rows: given, objective, gradient, ratio, iterates });
  return { rows, objective, gradient, ratio, iterates, states, history, count };
}

/** A RangeError where first … first + count − 1 are no indices below `end`. */
function requireRange(caller: string, name: string, first: number, count: number, end: number): void {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 0 || first + count > end) {
    throw new RangeError(
      `${caller}: \`${name}\` must be an integer from 0 on with ${count} places after it among ${end}, but is ${first}`,
    );
  }
}
