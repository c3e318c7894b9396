import type { Optimizer, OptimizerState } from '../optimizer.js';
import type { Schedule } from '../schedule.js';

/**
 * A rule whose steps are multiplied by a factor, constant or by a schedule:
 *
 *     Δθ_t = s(t) · Δθ_t of the rule,   t the iteration of the observation, from 0
 *
 * For every rule whose step is proportional to its learning rate η (all hand-made first-order ones here) this
 * is the schedule η·s(t). The rule's memory does not see the factor.
 *
 * @example
 * const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [1] }]);
 * const [half, step] = [scaled({ name: 'down', init: () => ({}), update: (_, __, out) => out.fill(-1) }, 0.5), new Float32Array(1)];
 * const seen = { layout, iteration: 0, parameters: step, gradient: step, objective: 0, minibatch: { evaluate: () => 0 } };
 * half.update(seen, half.init(layout), step);
 * step[0] // => -0.5
 */
export function scaled<State extends OptimizerState>(
  optimizer: Optimizer<State>,
  factor: number | Schedule,
): Optimizer<State> {
  const factorAt = typeof factor === 'number' ? () => factor : factor;
  return {
    ...optimizer,
    update(observation, state, step) {
      optimizer.update(observation, state, step);
      const s = factorAt(observation.iteration);
      for (let i = 0; i < step.length; i++) step[i] = s * (step[i] as number);
    },
  };
}
