import { createKey, type Key } from '../key.js';
import { parameterLayout } from '../layout.js';
import type { Minibatch, Optimizee } from '../optimizee.js';
import { copyState, type Optimizer } from '../optimizer.js';
import { allFinite, rollout } from '../rollout.js';
import { checkedFactory, require, sameBits, type ConformanceCheck } from './check.js';

export interface OptimizerConformanceOptions {
  /**
   * Whether the rule, with the settings it is created with, lowers a well-conditioned quadratic in 60 steps.
   * Default true; false for untrained learned optimizers.
   */
  readonly descends?: boolean;
  readonly seed?: number;
}

/** f(θ) = ½ Σ_j c_j (θ_j − 1)² with curvatures c_j in [0.5, 2], exact and noiseless: small enough to see through. */
function bowl(n: number): Optimizee {
  const layout = parameterLayout([
    { name: 'layer-0/weight', role: 'weight', layer: 0, shape: [n - 1, 1] },
    { name: 'layer-0/bias', role: 'bias', layer: 0, shape: [1] },
  ]);
  const evaluate = (parameters: Float32Array, gradient?: Float32Array): number => {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const curvature = 0.5 + (1.5 * j) / Math.max(1, n - 1);
      const distance = (parameters[j] as number) - 1;
      sum += 0.5 * curvature * distance * distance;
      if (gradient) gradient[j] = curvature * distance;
    }
    return sum;
  };
  const minibatch: Minibatch = { evaluate };
  return {
    name: 'bowl',
    layout,
    initialParameters: (key) => Float32Array.from(key.normal(n)),
    minibatch: () => minibatch,
    trueObjective: evaluate,
  };
}

/**
 * What every optimizer must satisfy: deterministic steps, all memory in the state, inputs left alone, sizes
 * without surprises.
 *
 * @param create makes the optimizer, afresh for each check: `() => sgd({ learningRate: 0.1 })`, not the
 *   optimizer itself
 * @throws UserError if it is no function.
 * @example
 * for (const check of optimizerConformance(() => adam({ learningRate: 0.1 }))) test(check.name, check.run);
 */
export function optimizerConformance(
  create: () => Optimizer,
  options: OptimizerConformanceOptions = {},
): ConformanceCheck[] {
  const make = checkedFactory('optimizerConformance', create, '() => sgd({ learningRate: 0.1 })', [
    'init',
    'update',
  ]);
  const { descends = true, seed = 4 } = options;
  const key = createKey(seed);

  const checks: ConformanceCheck[] = [
    {
      name: 'equal inputs give equal bits',
      run() {
        const run = () => rollout(bowl(7), make(), { horizon: 12, key });
        require(sameBits(run().parameters, run().parameters), () =>
          'two rollouts with one key must end at the same parameters');
      },
    },
    {
      name: 'all memory is in the state: a copied state resumes to the same bits',
      run() {
        const optimizer = make();
        const whole = rollout(bowl(7), optimizer, { horizon: 12, key });
        const half = rollout(bowl(7), optimizer, { horizon: 6, key });
        rollout(bowl(5), optimizer, { horizon: 3, key: key.fold('another problem in between') });
        const resumed = rollout(bowl(7), optimizer, {
          horizon: 6,
          key,
          initialParameters: half.parameters,
          state: copyState(half.state),
          firstIteration: 6,
        });
        require(sameBits(whole.parameters, resumed.parameters), () =>
          'resuming from a copied state must equal the uninterrupted rollout');
      },
    },
    {
      name: 'parameters and gradient are read, not written',
      run() {
        const optimizee = bowl(9);
        const optimizer = make();
        const state = optimizer.init(optimizee.layout);
        const parameters = optimizee.initialParameters(key);
        const gradient = new Float32Array(9);
        const minibatch = optimizee.minibatch(key, 0);
        const objective = minibatch.evaluate(parameters, gradient);
        const [p, g] = [parameters.slice(), gradient.slice()];
        const step = new Float32Array(9).fill(NaN);
        optimizer.update(
          { layout: optimizee.layout, iteration: 0, parameters, gradient, objective, minibatch },
          state,
          step,
        );
        require(sameBits(p, parameters), () => 'update must not change the parameters');
        require(sameBits(g, gradient), () => 'update must not change the gradient');
        require(allFinite(step), () => 'update must write every entry of the step');
      },
    },
    {
      name: 'any number of coordinates works, also ones that are no multiple of a vector width',
      run() {
        for (const n of [2, 3, 16, 17, 33]) {
          const { outcome } = rollout(bowl(n), make(), { horizon: 5, key });
          require(outcome.kind === 'finished', () =>
            `a rollout over ${n} coordinates ended with ${JSON.stringify(outcome)}`);
        }
      },
    },
  ];
  checks.push(coordinatewiseCheck(make, key), evaluationsCheck(make, key));
  if (descends) {
    checks.push({
      name: 'a well-conditioned quadratic goes down',
      run() {
        const { trueObjectives, outcome } = rollout(bowl(8), make(), {
          horizon: 60,
          key,
          trueObjectiveEvery: 1,
        });
        const [first, last] = [trueObjectives[0] as number, trueObjectives.at(-1) as number];
        require(outcome.kind === 'finished', () => `the rollout ended with ${JSON.stringify(outcome)}`);
        require(last < first, () =>
          `60 steps must lower the objective, but it went from ${first} to ${last}`);
      },
    });
  }
  return checks;
}

/** Only the claim is checked: a rule that couples coordinates may do as it likes. */
function coordinatewiseCheck(make: () => Optimizer, key: Key): ConformanceCheck {
  return {
    name: 'a rule that says it is coordinatewise steps a coordinate the same whatever the others do',
    run() {
      const n = 17;
      const optimizer = make();
      if (optimizer.coordinatewise !== true) return;
      const { layout } = bowl(n);
      /** Steps [5][n] on given gradients; `kept` alone sees the same in every run. */
      const run = (kept: number, others: number): Float32Array[] => {
        const state = optimizer.init(layout);
        const draw = (name: string, t: number): Float32Array =>
          Float32Array.from(key.fold(name).fold(t).normal(n), (x, j) => (j === kept ? x : x * others));
        return Array.from({ length: 5 }, (_, iteration) => {
          const step = new Float32Array(n);
          optimizer.update(
            {
              layout,
              iteration,
              parameters: draw('parameters', iteration),
              gradient: draw('gradient', iteration),
              objective: 1,
              minibatch: { evaluate: () => 1 },
            },
            state,
            step,
          );
          return step;
        });
      };
      for (const kept of [0, 8, n - 1]) {
        const [one, other] = [run(kept, 1), run(kept, -3)];
        one.forEach((step, t) =>
          require(Object.is(step[kept], other[t]?.[kept]), () =>
            `coordinate ${kept} stepped by ${step[kept]}, and by ${other[t]?.[kept]} when the others had other gradients; ` +
            'leave coordinatewise out'),
        );
      }
    },
  };
}

function evaluationsCheck(make: () => Optimizer, key: Key): ConformanceCheck {
  return {
    name: 'a rule evaluates its mini-batch again exactly if it says so',
    run() {
      const optimizer = make();
      const inner = bowl(7);
      let evaluations = 0;
      let updating = false;
      const counted: Optimizee = {
        ...inner,
        minibatch: (from, step) => {
          const { evaluate } = inner.minibatch(from, step);
          return {
            evaluate: (...point) => {
              if (updating) evaluations++;
              return evaluate(...point);
            },
          };
        },
      };
      const watched: Optimizer = {
        ...optimizer,
        update(...step) {
          updating = true;
          optimizer.update(...step);
          updating = false;
        },
      };
      rollout(counted, watched, { horizon: 5, key });
      const says = optimizer.extraEvaluations === true;
      require(evaluations > 0 === says, () =>
        `the rule evaluated the mini-batch ${evaluations} times in 5 steps, but its extraEvaluations is ${says}`);
    },
  };
}
