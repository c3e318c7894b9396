import type { Key } from '@metadescent/core';
import {
  controllerActor,
  controllerMeans,
  zeroController,
  type Environment,
  type LinearGaussian,
} from '@metadescent/guided-policy-search';
import { stateSlots, type FeatureShape } from './feature-shape.js';

/** A hand-made update rule that controllers can express: gradient descent with momentum. */
export interface Teacher {
  /** η / (1 − m): the length of a step along a gradient that stays the same. */
  readonly gain: number;
  /** m */
  readonly momentum: number;
}

/**
 * Momentum as a linear controller: −(1 − m)·gain·Σ_l m^l g_{t−l}, where gradient slot i stands for lags S·i …
 * S·i + S − 1:
 *
 *     K[gradient slot i] = −gain · m^(S·i) · (1 − m^S),   k = 0
 *
 * @param gradientScale c: features see c·g, gains are of g
 * @param deviation of the action's noise
 */
export function teacherController(
  { gain, momentum }: Teacher,
  shape: FeatureShape,
  stateSize: number,
  horizon: number,
  gradientScale: number,
  deviation: number,
): LinearGaussian {
  const controller = zeroController({ stateSize, actionSize: 1, horizon }, deviation ** 2);
  const { gradient } = stateSlots(shape);
  for (let t = 0; t < horizon; t++) {
    for (let i = 0; i <= shape.history; i++)
      controller.K[t * stateSize + gradient + i] =
        (-gain * momentum ** (shape.stride * i) * (1 - momentum ** shape.stride)) / gradientScale;
  }
  return controller;
}

/** Steps over which the size of the teacher's steps is smoothed. */
const SMOOTHING = 21;
/** Trajectories that measure it. */
const MEASURED = 4;
/** Noise of these, relative to a unit step: too small to matter. */
const MEASURING_DEVIATION = 1e-8;

/**
 * ψ_0 of every group: the teacher with Gaussian noise in proportion to its own steps, √G_t = exploration ·
 * rms_t(K s), smoothed over 21 steps. Noise of a fixed size would add up over the horizon and drown what it
 * explores.
 */
export async function teachers(
  environment: Environment,
  teacher: Teacher,
  shape: FeatureShape,
  gradientScale: number,
  exploration: number,
  key: Key,
): Promise<LinearGaussian[]> {
  const { stateSize, horizon } = environment;
  const plain = environment.groups.map(() =>
    teacherController(teacher, shape, stateSize, horizon, gradientScale, MEASURING_DEVIATION),
  );
  const samples = await environment.rollout(controllerActor(plain), MEASURED, key);
  return plain.map((controller, g) => {
    const group = samples.groups[g]!;
    const means = new Float64Array(group.rows);
    const square = Float64Array.from({ length: horizon }, (_, t) => {
      controllerMeans(controller, t, group.rows, group.states(t), means);
      return means.reduce((sum, a) => sum + a * a, 0) / group.rows;
    });
    const half = (SMOOTHING - 1) / 2;
    const G = square.map((_, t) => {
      const near = square.subarray(Math.max(0, t - half), t + half + 1);
      return Math.max(
        MEASURING_DEVIATION ** 2,
        (exploration ** 2 * near.reduce((sum, value) => sum + value, 0)) / near.length,
      );
    });
    return { ...controller, G };
  });
}
