import type { BareAccumulators } from './bare-accumulators.js';

/** The accumulators by their definition, as `Accumulators` states them. */
export const accumulators: BareAccumulators = {
  relativeChanges(step) {
    const { n, t, scale, gradient, parameters, memory, gradientOffset, movementOffset, planes } = step;
    const { gradient: gradientBefore, previous, earlier } = memory;
    for (let j = 0; j < n; j++) {
      const g = scale * gradient[j]!;
      const before = t > 0 ? scale * gradientBefore[j]! : g;
      planes[j] = g / (Math.abs(before) + gradientOffset);
      const x = parameters[j]!;
      const moved = t > 0 ? Math.abs(x - previous[j]!) : 0;
      const movedBefore = t > 1 ? Math.abs(previous[j]! - earlier[j]!) : moved;
      planes[n + j] = movedBefore / (moved + movementOffset);
      gradientBefore[j] = gradient[j]!;
      earlier[j] = previous[j]!;
      previous[j] = x;
    }
  },
  moments(step) {
    const { n, scale, gradient, averages, momentumDecay, squareDecay, floor, logUnit, planes } = step;
    const { momentumCorrection, squareCorrection } = step;
    const { momentum, square, total } = averages;
    for (let j = 0; j < n; j++) {
      const g = scale * gradient[j]!;
      const m = momentumDecay * momentum[j]! + (1 - momentumDecay) * g;
      const v = squareDecay * square[j]! + (1 - squareDecay) * g * g;
      const s = total[j]! + g * g;
      const root = Math.sqrt(v * squareCorrection) + floor;
      planes[j] = g / root;
      planes[n + j] = (m * momentumCorrection) / root;
      planes[2 * n + j] = g / (Math.sqrt(s) + floor);
      planes[3 * n + j] = Math.log(root) / logUnit;
      momentum[j] = m;
      square[j] = v;
      total[j] = s;
    }
  },
  standardise(run) {
    const { features, n, total, planes, first, count, mean, deviation, limit, inputs, at } = run;
    for (let i = 0; i < features; i++) {
      for (let j = 0; j < count; j++) {
        const value = (planes[i * n + first + j]! - mean[i]!) / deviation[i]!;
        inputs[i * total + at + j] = value > limit ? limit : value < -limit ? -limit : value;
      }
    }
  },
  ringMean({ n, count, values, oldest, width, scale, mean }) {
    mean.fill(0);
    for (let l = 0; l < width; l++) {
      const row = ((oldest + l) % count) * n;
      for (let j = 0; j < n; j++) mean[j]! += scale * values[row + j]!;
    }
    for (let j = 0; j < n; j++) mean[j]! /= width;
  },
  ratios({ n, now, before, offset, ratio }) {
    for (let j = 0; j < n; j++) ratio[j] = now[j]! / (Math.abs(before[j]!) + offset);
  },
  changeRatios({ n, late, early, now, before, offset, ratio }) {
    for (let j = 0; j < n; j++)
      ratio[j] = Math.abs(late[j]! - early[j]!) / (Math.abs(now[j]! - before[j]!) + offset);
  },
  interleave({ count, groups, rows, width }) {
    let column = 0;
    for (const { values, starts, shared } of groups) {
      for (const start of starts) {
        for (let j = 0; j < count; j++)
          rows[j * width + column] = start < 0 ? 0 : values[shared ? start : start + j]!;
        column++;
      }
    }
  },
};
