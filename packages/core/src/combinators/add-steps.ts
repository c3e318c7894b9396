import { checkArgument } from '../check-argument.js';
import type { Optimizer, OptimizerState } from '../optimizer.js';

/**
 * The sum of two rules' steps, each with a memory of its own:
 *
 *     Δθ_t = Δθ_t of a + Δθ_t of b
 *
 * A learned rule beside a nominal one that already descends learns a correction (Harrison et al. 2022, "A
 * closer look at learned optimization"). Since the sum is linear, meta-gradients of either part pass through
 * unchanged.
 *
 * State: that of `a` under the names `a/…`, that of `b` under `b/…`.
 */
export function addSteps(a: Optimizer, b: Optimizer): Optimizer {
  checkArgument(
    'addSteps',
    'the first optimizer',
    a,
    ['name', 'init', 'update'],
    'pass an optimizer, such as sgd({ learningRate: 0.1 })',
  );
  checkArgument(
    'addSteps',
    'the second optimizer',
    b,
    ['name', 'init', 'update'],
    'pass an optimizer, such as sgd({ learningRate: 0.1 })',
  );
  return {
    name: `${a.name}+${b.name}`,
    init: (layout) => ({ ...prefixed('a/', a.init(layout)), ...prefixed('b/', b.init(layout)) }),
    update(observation, state, step) {
      a.update(observation, unprefixed('a/', state), step);
      const second = new Float32Array(step.length);
      b.update(observation, unprefixed('b/', state), second);
      for (let i = 0; i < step.length; i++) step[i] = (step[i] as number) + (second[i] as number);
    },
  };
}

function prefixed(prefix: string, state: OptimizerState): OptimizerState {
  return Object.fromEntries(Object.entries(state).map(([name, array]) => [prefix + name, array]));
}

/** The arrays of one part, the same objects, so that the part updates them in place. */
function unprefixed(prefix: string, state: OptimizerState): OptimizerState {
  return Object.fromEntries(
    Object.entries(state).flatMap(([name, array]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array]] : [],
    ),
  );
}
