import {
  requireAnyLength,
  requireArray,
  requireBoolean,
  requireCount,
  requireDisjoint,
  requireMultiple,
  requireNumber,
} from '../engine/array-checks.js';
import type {
  ChangeRatios,
  ColumnGroup,
  Interleaving,
  Moments,
  Ratios,
  RelativeChanges,
  RingMean,
  Standardisation,
} from './accumulators.js';

/** The options of a call, read once, with the extents that they tell. */
export type CheckedRelativeChanges = RelativeChanges & { readonly n: number };
/** The corrections make up for averages that started at 0. */
export type CheckedMoments = Moments & {
  readonly n: number;
  readonly momentumCorrection: number;
  readonly squareCorrection: number;
};
/** n coordinates in the planes, `total` in the inputs. */
export type CheckedStandardisation = Standardisation & {
  readonly features: number;
  readonly n: number;
  readonly total: number;
};
export type CheckedRingMean = RingMean & { readonly n: number; readonly count: number };
export type CheckedRatios = Ratios & { readonly n: number };
export type CheckedChangeRatios = ChangeRatios & { readonly n: number };
/** `width` columns in all. */
export type CheckedInterleaving = Omit<Interleaving, 'groups'> & {
  readonly groups: readonly Required<ColumnGroup>[];
  readonly width: number;
};

export function checkRelativeChanges(step: RelativeChanges): CheckedRelativeChanges {
  const caller = 'accumulators.relativeChanges';
  const { t, scale, gradient, parameters, memory, gradientOffset, movementOffset, planes } = step;
  const { gradient: before, previous, earlier } = memory;
  const n = requireAnyLength(caller, 'gradient', gradient, 'Float32Array');
  requireSteps(caller, t);
  requireNumber(caller, 'scale', scale);
  requireNumber(caller, 'gradientOffset', gradientOffset);
  requireNumber(caller, 'movementOffset', movementOffset);
  const parts = { 'memory.gradient': before, 'memory.previous': previous, 'memory.earlier': earlier };
  requireArray(caller, 'parameters', parameters, 'Float32Array', n, '[n]');
  requireAll(caller, parts, 'Float32Array', n);
  requireArray(caller, 'planes', planes, 'Float32Array', 2 * n, '[2, n]');
  requireDisjoint(caller, { planes, ...parts }, { gradient, parameters });
  const held = { gradient: before, previous, earlier };
  return { t, scale, gradient, parameters, memory: held, gradientOffset, movementOffset, planes, n };
}

export function checkMoments(step: Moments): CheckedMoments {
  const caller = 'accumulators.moments';
  const { t, scale, gradient, averages, momentumDecay, squareDecay, floor, logUnit, planes } = step;
  const { momentum, square, total } = averages;
  const n = requireAnyLength(caller, 'gradient', gradient, 'Float32Array');
  requireSteps(caller, t);
  requireNumber(caller, 'scale', scale);
  requireDecay(caller, 'momentumDecay', momentumDecay);
  requireDecay(caller, 'squareDecay', squareDecay);
  requireNumber(caller, 'floor', floor);
  if (!(floor >= 0)) throw new RangeError(`${caller}: \`floor\` must be at least 0, but is ${floor}`);
  requireNumber(caller, 'logUnit', logUnit);
  const parts = { 'averages.momentum': momentum, 'averages.square': square, 'averages.total': total };
  requireAll(caller, parts, 'Float32Array', n);
  requireArray(caller, 'planes', planes, 'Float32Array', 4 * n, '[4, n]');
  requireDisjoint(caller, { planes, ...parts }, { gradient });
  return {
    t,
    scale,
    gradient,
    averages: { momentum, square, total },
    momentumDecay,
    squareDecay,
    floor,
    logUnit,
    planes,
    n,
    momentumCorrection: 1 / (1 - momentumDecay ** (t + 1)),
    squareCorrection: 1 / (1 - squareDecay ** (t + 1)),
  };
}

export function checkStandardisation(run: Standardisation): CheckedStandardisation {
  const caller = 'accumulators.standardise';
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

export function checkRingMean(options: RingMean): CheckedRingMean {
  const caller = 'accumulators.ringMean';
  const { values, oldest, width, scale, mean } = options;
  requireNumber(caller, 'scale', scale);
  const n = requireMultiple(caller, 'mean', mean, 'Float64Array', 1, '[n]');
  const count = requireMultiple(caller, 'values', values, 'Float64Array', n, '[rows, n]');
  requireRange(caller, 'oldest', oldest, 1, count);
  if (!Number.isInteger(width) || width < 1 || width > count)
    throw new RangeError(`${caller}: \`width\` must be an integer in 1 … ${count}, but is ${width}`);
  requireDisjoint(caller, { mean }, { values });
  return { values, oldest, width, scale, mean, n, count };
}

export function checkRatios({ now, before, offset, ratio }: Ratios): CheckedRatios {
  const caller = 'accumulators.ratios';
  const n = requireAnyLength(caller, 'ratio', ratio, 'Float64Array');
  requireAll(caller, { now, before }, 'Float64Array', n);
  requireNumber(caller, 'offset', offset);
  requireDisjoint(caller, { ratio }, { now, before });
  return { now, before, offset, ratio, n };
}

export function checkChangeRatios(options: ChangeRatios): CheckedChangeRatios {
  const caller = 'accumulators.changeRatios';
  const { late, early, now, before, offset, ratio } = options;
  const n = requireAnyLength(caller, 'ratio', ratio, 'Float64Array');
  requireAll(caller, { late, early, now, before }, 'Float64Array', n);
  requireNumber(caller, 'offset', offset);
  requireDisjoint(caller, { ratio }, { late, early, now, before });
  return { late, early, now, before, offset, ratio, n };
}

export function checkInterleaving({ count, groups, rows }: Interleaving): CheckedInterleaving {
  const caller = 'accumulators.interleave';
  requireCount(caller, 'count', count, 0);
  const read: Record<string, Float64Array | Int32Array> = {};
  let width = 0;
  const checked: Required<ColumnGroup>[] = [];
  for (const { values, starts: given, shared = false } of groups) {
    const name = `groups[${checked.length}]`;
    requireBoolean(caller, `${name}.shared`, shared);
    const length = requireAnyLength(caller, `${name}.values`, values, 'Float64Array');
    const columns = requireAnyLength(caller, `${name}.starts`, given, 'Int32Array');
    width += columns;
    // C indexes with the starts: a copy of its own cannot change after it was checked.
    const starts = columns > 0 ? given.slice() : new Int32Array(0);
    const each = shared ? 1 : count;
    for (let i = 0; i < columns; i++) {
      const start = starts[i]!;
      if (start >= 0 && start + each > length)
        requireRange(caller, `${name}.starts[${i}]`, start, each, length);
    }
    read[`${name}.values`] = values;
    read[`${name}.starts`] = given;
    checked.push({ values, starts, shared });
  }
  requireArray(caller, 'rows', rows, 'Float64Array', count * width, '[count, columns of all groups]');
  requireDisjoint(caller, { rows }, read);
  return { count, groups: checked, rows, width };
}

function requireAll(
  caller: string,
  arrays: Readonly<Record<string, Float32Array | Float64Array>>,
  type: 'Float32Array' | 'Float64Array',
  n: number,
): void {
  for (const name in arrays) requireArray(caller, name, arrays[name]!, type, n, '[n]');
}

function requireSteps(caller: string, t: number): void {
  if (!Number.isInteger(t) || t < 0 || t >= 2 ** 31)
    throw new RangeError(`${caller}: \`t\` must be an integer ≥ 0, but is ${t}`);
}

function requireDecay(caller: string, name: string, decay: number): void {
  requireNumber(caller, name, decay);
  if (!(decay >= 0 && decay < 1))
    throw new RangeError(`${caller}: \`${name}\` must lie in [0, 1), but is ${decay}`);
}

/** A RangeError where first … first + count − 1 are no indices below `end`. */
function requireRange(caller: string, name: string, first: number, count: number, end: number): void {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 0 || first + count > end) {
    throw new RangeError(
      `${caller}: \`${name}\` must be an integer from 0 on with ${count} places after it among ${end}, but is ${first}`,
    );
  }
}
