import { requireLength, requireMultiple } from './array-lengths.js';
import type { PsdMemory, PsdObservation, PsdRecentMean, PsdStandardisation, PsdStates } from './psd-features.js';

/** The averages of a memory that has them. */
export type PsdAverages = Required<Pick<PsdMemory, 'momentum' | 'square' | 'total'>>;

/** Checks the arrays of `observe`; returns n, and the averages where there are any. */
export function checkObservation({ t, gradient, parameters, memory, planes }: PsdObservation): { n: number; averages?: PsdAverages } {
  const n = gradient.length;
  if (!Number.isInteger(t) || t < 0 || t >= 2 ** 31) throw new RangeError(`psdFeatures.observe: \`t\` must be an integer ≥ 0, but is ${t}`);
  const { gradient: before, previous, earlier, momentum, square, total } = memory;
  for (const [name, array] of Object.entries({ parameters, 'memory.gradient': before, 'memory.previous': previous, 'memory.earlier': earlier }))
    requireLength('psdFeatures.observe', name, array, n, '[n]');
  const parts = Object.entries({ momentum, square, total });
  const present = parts.some(([, array]) => array);
  for (const [name, array] of parts) if (present) requireLength('psdFeatures.observe', `memory.${name}`, array ?? [], n, '[n], with the other averages,');
  requireLength('psdFeatures.observe', 'planes', planes, (present ? 7 : 3) * n, present ? '[7, n]' : '[3, n]');
  return momentum && square && total ? { n, averages: { momentum, square, total } } : { n };
}

/** Checks the arrays of `standardise`; returns the numbers of features, of coordinates in the planes and in the inputs. */
export function checkStandardisation({ planes, first, count, mean, deviation, inputs, at }: PsdStandardisation): { features: number; n: number; total: number } {
  const features = mean.length;
  requireLength('psdFeatures.standardise', 'deviation', deviation, features, '[I]');
  const n = requireMultiple('psdFeatures.standardise', 'planes', planes, features, '[I, n]');
  const total = requireMultiple('psdFeatures.standardise', 'inputs', inputs, features, '[I, m]');
  requireRange('standardise', 'first', first, count, n);
  requireRange('standardise', 'at', at, count, total);
  return { features, n, total };
}

/** Checks the arrays of `recentMean`; returns n and the number of rows. */
export function checkRecentMean({ values, oldest, width, mean }: PsdRecentMean): { n: number; rows: number } {
  const rows = requireMultiple('psdFeatures.recentMean', 'values', values, mean.length, '[rows, n]');
  requireRange('recentMean', 'oldest', oldest, 1, rows);
  if (!Number.isInteger(width) || width < 1 || width > rows) throw new RangeError(`psdFeatures.recentMean: \`width\` must be an integer in 1 … ${rows}, but is ${width}`);
  return { n: mean.length, rows };
}

/** Checks that the arrays of a slot are all [n]; returns n. */
export function checkSlot(caller: string, arrays: Readonly<Record<string, Float64Array>>, slot: Float64Array): number {
  for (const [name, array] of Object.entries(arrays)) requireLength(`psdFeatures.${caller}`, name, array, slot.length, '[n]');
  return slot.length;
}

/** Checks the arrays of `states`; returns H and the number of coordinates. */
export function checkStates({ rows, objective, gradient, ratio, iterates, states }: PsdStates): { history: number; count: number } {
  const history = objective.length;
  const count = iterates.length;
  requireLength('psdFeatures.states', 'rows', rows, history + 1, '[H + 1]');
  requireLength('psdFeatures.states', 'states', states, count * (2 + 3 * history), '[count, 2 + 3H]');
  rows.forEach((row, i) => {
    if (row < 0) return;
    requireRange('states', `rows[${i}]`, row, count, gradient.length);
    if (i < history) requireRange('states', `rows[${i}]`, row, count, ratio.length);
  });
  return { history, count };
}

/** A RangeError where first … first + count − 1 are no indices below `end`. */
function requireRange(caller: string, name: string, first: number, count: number, end: number): void {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 0 || first + count > end)
    throw new RangeError(`psdFeatures.${caller}: \`${name}\` must be an integer from 0 on with ${count} places after it among ${end}, but is ${first}`);
}
