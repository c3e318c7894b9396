import type { Key } from '@metadescent/core';
import type { Actor, ActorDescription } from './environment.js';
import { controllerMeans, type LinearGaussian } from './linear-gaussian.js';
import type { Policy } from './policy.js';

export interface ActorOptions {
  /** Draw actions from the Gaussian instead of taking its mean. Default true. */
  readonly noise?: boolean;
  /**
   * Multiplies a controller's mean by 1 + gainNoise · ξ_t with ξ_t ~ N(0, 1) shared by all coordinates and
   * groups of a trajectory: variance along the direction the controller itself takes, which independent noise
   * hardly explores. LQG and KL do not know of it. Default 0.
   */
  readonly gainNoise?: number;
}

/** Acts by one controller per group. */
export function controllerActor(
  controllers: readonly LinearGaussian[],
  { noise = true, gainNoise = 0 }: ActorOptions = {},
): Actor {
  const factors = controllers.map((controller) => choleskyPerStep(controller.actionSize, controller.G));
  return {
    description: { kind: 'controller', controllers, noise, gainNoise },
    start(group, rows, key) {
      const controller = controllers[group]!;
      const { actionSize: U } = controller;
      const own = key.fold('action').fold(group);
      const shared = key.fold('gain');
      return {
        act(t, states, _observations, actions) {
          controllerMeans(controller, t, rows, states, actions);
          if (gainNoise > 0) {
            const gain = 1 + gainNoise * shared.fold(t).normal(1)[0]!;
            for (let i = 0; i < actions.length; i++) actions[i]! *= gain;
          }
          if (noise)
            addNoise(own.fold(t), rows, U, factors[group]!.subarray(t * U * U, (t + 1) * U * U), actions);
        },
      };
    },
  };
}

/** Acts by a policy: means alone, or with its covariance [U, U] per group. */
export function policyActor<S>(policy: Policy<S>, state: S, covariances?: readonly Float64Array[]): Actor {
  return {
    description: { kind: 'policy', state, ...(covariances && { covariances }) },
    start(group, rows, key) {
      const mean = policy.start(state, group, rows);
      const covariance = covariances?.[group];
      const U = covariance && Math.sqrt(covariance.length);
      const factor = covariance && choleskyPerStep(U!, covariance);
      const own = key.fold('action').fold(group);
      return {
        act(t, _states, observations, actions) {
          mean(t, observations, actions);
          if (factor) addNoise(own.fold(t), rows, U!, factor, actions);
        },
      };
    },
  };
}

/** The actor that a description stands for: the same actions to the last bit. */
export function actorOf<S>(description: ActorDescription, policy: Policy<S>): Actor {
  if (description.kind === 'controller') return controllerActor(description.controllers, description);
  return policyActor(policy, description.state as S, description.covariances);
}

function addNoise(key: Key, rows: number, U: number, factor: Float64Array, actions: Float64Array): void {
  const draws = key.normal(rows * U);
  for (let r = 0; r < rows; r++) {
    for (let u = 0; u < U; u++) {
      for (let w = 0; w <= u; w++) actions[r * U + u]! += factor[u * U + w]! * draws[r * U + w]!;
    }
  }
}

/** Cholesky factors of a stack of covariances [count, U, U]; a direction without variance gets a zero column. */
function choleskyPerStep(U: number, covariances: Float64Array): Float64Array {
  const factor = new Float64Array(covariances.length);
  for (let at = 0; at < covariances.length; at += U * U) {
    for (let i = 0; i < U; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = covariances[at + i * U + j]!;
        for (let p = 0; p < j; p++) sum -= factor[at + i * U + p]! * factor[at + j * U + p]!;
        const pivot = factor[at + j * U + j]!;
        factor[at + i * U + j] = i === j ? Math.sqrt(Math.max(0, sum)) : pivot > 0 ? sum / pivot : 0;
      }
    }
  }
  return factor;
}
