import { checkArgument } from '../check-argument.js';
import type { Optimizer, OptimizerState } from '../optimizer.js';
import { UserError } from '../user-error.js';

/**
 * A rule that also keeps an exponential average of its iterates (Polyak & Juditsky 1992; the exponential form
 * as in Kingma & Ba 2015, §7.2):
 *
 *     a_t = β a_{t−1} + (1 − β) θ_{t+1},   a_{−1} = 0;   the average is a_t / (1 − β^{t+1})
 *
 * The steps are those of the rule. `averagedParameters(state)` reads the average, with which a noisy
 * objective is often lower than with the last iterate. State: the rule's, and `average` [n] and
 * `average/weight` [1].
 *
 * @param decay β in [0, 1); about 1/(1 − β) iterates count.
 * @throws UserError if the decay is out of range.
 */
export function withAverage(optimizer: Optimizer, decay: number): Optimizer {
  if (!(decay >= 0 && decay < 1))
    throw new UserError(`withAverage: the decay must be a number in [0, 1), but is ${decay}`);
  return {
    ...optimizer,
    init: (layout) => ({
      ...optimizer.init(layout),
      average: new Float64Array(layout.size),
      'average/weight': new Float64Array(1),
    }),
    update(observation, state, step) {
      optimizer.update(observation, state, step);
      const { parameters } = observation;
      const [average, weight] = [state['average'] as Float64Array, state['average/weight'] as Float64Array];
      for (let i = 0; i < average.length; i++) {
        const next = Math.fround((parameters[i] as number) + (step[i] as number));
        average[i] = decay * (average[i] as number) + (1 - decay) * next;
      }
      weight[0] = decay * (weight[0] as number) + (1 - decay);
    },
  };
}

/**
 * The average that a rule made by `withAverage` has kept [n].
 *
 * @throws UserError if the state is of another rule, or before the first step.
 */
export function averagedParameters(state: OptimizerState): Float32Array {
  checkArgument(
    'averagedParameters',
    'the state',
    state,
    [],
    'pass the state of an optimizer made with withAverage',
  );
  const [average, weight] = [state['average'], state['average/weight']?.[0]];
  if (!average || weight === undefined)
    throw new UserError(
      'averagedParameters: the state holds no average; make the optimizer with withAverage',
    );
  if (weight === 0) throw new UserError('averagedParameters: there is no average before the first step');
  return Float32Array.from(average as Float64Array, (a) => a / weight);
}
