import type { Optimizer, OptimizerState } from '../optimizer.js';
import { UserError } from '../user-error.js';

/**
 * A rule that sees gradients of at most a given length (Pascanu et al. 2013, "On the difficulty of training
 * recurrent neural networks", algorithm 1, over all coordinates):
 *
 *     g ← g · min(1, c / ‖g‖₂)
 *
 * The objective and the mini-batch stay as they are.
 *
 * @param maximumNorm c > 0
 * @throws UserError if c is not positive.
 */
export function withClippedGradient<State extends OptimizerState>(
  optimizer: Optimizer<State>,
  maximumNorm: number,
): Optimizer<State> {
  if (!(maximumNorm > 0))
    throw new UserError(`withClippedGradient: the norm must be positive, but is ${maximumNorm}`);
  return {
    ...optimizer,
    // The norm is over all coordinates.
    coordinatewise: false,
    update(observation, state, step) {
      const { gradient } = observation;
      let squares = 0;
      for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) ** 2;
      const factor = maximumNorm / Math.sqrt(squares);
      const seen = factor < 1 ? { ...observation, gradient: gradient.map((g) => factor * g) } : observation;
      optimizer.update(seen, state, step);
    },
  };
}
