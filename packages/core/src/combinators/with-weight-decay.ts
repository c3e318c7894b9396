import { checkArgument } from '../check-argument.js';
import type { ParameterRole } from '../layout.js';
import type { Optimizer, OptimizerState } from '../optimizer.js';
import { UserError } from '../user-error.js';

export interface WeightDecayOptions {
  /** λ, the share of θ that a step takes away. For AdamW this is the learning rate times its `weightDecay`. */
  readonly rate: number;
  /**
   * Which coordinate groups decay. Default: all of them, as in Loshchilov & Hutter 2019; `['weight',
   * 'kernel']` leaves biases and scales.
   */
  readonly roles?: readonly ParameterRole[];
}

/**
 * Decoupled weight decay (Loshchilov & Hutter 2019, "Decoupled weight decay regularization") beside any rule:
 *
 *     Δθ_t = Δθ_t of the rule − λ θ_t
 *
 * The decay does not pass through the rule's gradient, so neither its moments nor its features see it. Under
 * `scaled` the decay follows the schedule, as in AdamW.
 *
 * @throws UserError if the rate is not a number from 0 to 1.
 */
export function withWeightDecay<State extends OptimizerState>(
  optimizer: Optimizer<State>,
  options: WeightDecayOptions,
): Optimizer<State> {
  checkArgument(
    'withWeightDecay',
    'the optimizer',
    optimizer,
    ['name', 'init', 'update'],
    'pass an optimizer, such as sgd({ learningRate: 0.1 })',
  );
  checkArgument('withWeightDecay', 'the options', options, ['rate'], 'pass { rate: 0.01 }, say');
  const { rate, roles } = options;
  if (!(rate >= 0 && rate <= 1))
    throw new UserError(`withWeightDecay: the rate must be a number from 0 to 1, but is ${rate}`);
  return {
    ...optimizer,
    update(observation, state, step) {
      optimizer.update(observation, state, step);
      const { parameters, layout } = observation;
      for (const { role, offset, size } of layout.groups) {
        if (roles && !roles.includes(role)) continue;
        for (let i = offset; i < offset + size; i++)
          step[i] = (step[i] as number) - rate * (parameters[i] as number);
      }
    },
  };
}
