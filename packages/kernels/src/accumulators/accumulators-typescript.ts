import type { BarePsdFeatures } from './bare-accumulators.js';
import type { CheckedObservation, PsdAverages } from './accumulator-checks.js';
import { PSD_MOMENTUM, PSD_SQUARE_DECAY, psdCorrections } from './accumulators.js';

/** Added to the denominators of gradient and ratio features (Li & Malik 2017, §3.6). */
const GRADIENT_OFFSET = 1;
const RATIO_OFFSET = 0.1;
/** Keeps the normalised gradients finite where gradients vanish. */
const TINY = 1e-12;
/** ln √v is divided by this, so that it is of the order of 1. */
const LOG_UNIT = 5;

/** The features, as `PsdFeatureKernels` states them. */
export const psdFeatures: BarePsdFeatures = {
  observe(step) {
    const { n, averages, t, change, scale, gradient, parameters, memory, planes } = step;
    const { gradient: gradientBefore, previous, earlier } = memory;
    planes.fill(change, 0, n);
    for (let j = 0; j < n; j++) {
      const g = scale * gradient[j]!;
      const before = t > 0 ? scale * gradientBefore[j]! : g;
      planes[n + j] = g / (Math.abs(before) + GRADIENT_OFFSET);
      const x = parameters[j]!;
      const moved = t > 0 ? Math.abs(x - previous[j]!) : 0;
      const movedBefore = t > 1 ? Math.abs(previous[j]! - earlier[j]!) : moved;
      planes[2 * n + j] = movedBefore / (moved + RATIO_OFFSET);
      gradientBefore[j] = gradient[j]!;
      earlier[j] = previous[j]!;
      previous[j] = x;
    }
    if (averages) observeScale(step, averages);
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
  recentMean(options) {
    const { n, rows, values, oldest, width, scale, mean } = options;
    mean.fill(0);
    for (let l = 0; l < width; l++) {
      const row = ((oldest + l) % rows) * n;
      for (let j = 0; j < n; j++) mean[j]! += scale * values[row + j]!;
    }
    for (let j = 0; j < n; j++) mean[j]! /= width;
  },
  gradientSlot(n, now, before, slot) {
    for (let j = 0; j < n; j++) slot[j] = now[j]! / (Math.abs(before[j]!) + GRADIENT_OFFSET);
  },
  ratioSlot(n, late, early, now, before, slot) {
    for (let j = 0; j < n; j++)
      slot[j] = Math.abs(late[j]! - early[j]!) / (Math.abs(now[j]! - before[j]!) + RATIO_OFFSET);
  },
  states(options) {
    const { history: H, count, rows, objective, gradient, ratio, iterates, states } = options;
    for (let j = 0; j < count; j++) {
      const state = j * (2 + 3 * H);
      states[state] = iterates[j]!;
      for (let i = 0; i <= H; i++) {
        const row = rows[i]!;
        states[state + 1 + H + i] = row < 0 ? 0 : gradient[row + j]!;
        if (i === H) continue;
        states[state + 1 + i] = row < 0 ? 0 : objective[i]!;
        states[state + 2 + 2 * H + i] = row < 0 ? 0 : ratio[row + j]!;
      }
    }
  },
};

function observeScale(
  { t, scale, gradient, planes }: CheckedObservation,
  { momentum, square, total }: PsdAverages,
): void {
  const n = gradient.length;
  const corrections = psdCorrections(t);
  for (let j = 0; j < n; j++) {
    const g = scale * gradient[j]!;
    const m = PSD_MOMENTUM * momentum[j]! + (1 - PSD_MOMENTUM) * g;
    const v = PSD_SQUARE_DECAY * square[j]! + (1 - PSD_SQUARE_DECAY) * g * g;
    const s = total[j]! + g * g;
    const root = Math.sqrt(v * corrections.square) + TINY;
    planes[3 * n + j] = g / root;
    planes[4 * n + j] = (m * corrections.momentum) / root;
    planes[5 * n + j] = g / (Math.sqrt(s) + TINY);
    planes[6 * n + j] = Math.log(root) / LOG_UNIT;
    momentum[j] = m;
    square[j] = v;
    total[j] = s;
  }
}
