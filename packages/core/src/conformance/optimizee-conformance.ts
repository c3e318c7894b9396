import { createKey, type Key } from '../key.js';
import type { OptimizeeFamily } from '../optimizee.js';
import { allFinite } from '../rollout.js';
import { checkedFactory, require, sameBits, type ConformanceCheck } from './check.js';

export interface OptimizeeConformanceOptions {
  /**
   * Step ε of the central difference along a direction of unit length, (f(θ + εd) − f(θ − εd)) / 2ε. Default
   * 1e-2 (single-precision objectives).
   */
  readonly differenceStep?: number;
  /** |difference − ∇f·d| ≤ tolerance·(1 + |∇f·d|). Default 2e-3. */
  readonly tolerance?: number;
  /** Standard deviation of the random parameters at which gradients are checked. Default 0.5. */
  readonly spread?: number;
  readonly seed?: number;
}

/**
 * What every optimizee family must satisfy: reproducible draws, gradients that agree with finite differences,
 * mini-batches that are pure.
 *
 * @param create makes the family, afresh for each check: `() => quadratics()`, not the family itself
 * @throws UserError if it is no function.
 * @example
 * for (const check of optimizeeConformance(() => quadratics())) test(check.name, check.run);
 */
export function optimizeeConformance(
  create: () => OptimizeeFamily,
  options: OptimizeeConformanceOptions = {},
): ConformanceCheck[] {
  const make = checkedFactory('optimizeeConformance', create, '() => quadratics()', ['sample']);
  const { differenceStep = 1e-2, tolerance = 2e-3, spread = 0.5, seed = 20 } = options;
  const key = createKey(seed);

  const somewhere = (n: number, from: Key): Float32Array =>
    Float32Array.from(from.normal(n), (x) => spread * x);

  const differencesAgree = (
    n: number,
    f: (parameters: Float32Array, gradient?: Float32Array) => number,
    from: Key,
  ): void => {
    const parameters = somewhere(n, from.fold('point'));
    const gradient = new Float32Array(n).fill(NaN);
    f(parameters, gradient);
    require(allFinite(gradient), () =>
      'the gradient must be overwritten with finite values, but holds NaN or ±∞');
    for (let trial = 0; trial < 4; trial++) {
      const direction = from.fold(trial).normal(n);
      const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
      const shifted = (scale: number): number =>
        f(Float32Array.from(parameters, (x, i) => x + (scale * (direction[i] as number)) / length));
      const difference = (shifted(differenceStep) - shifted(-differenceStep)) / (2 * differenceStep);
      let slope = 0;
      for (let i = 0; i < n; i++) slope += ((gradient[i] as number) * (direction[i] as number)) / length;
      require(Math.abs(difference - slope) <= tolerance * (1 + Math.abs(slope)), () =>
        `the gradient must agree with central differences (ε = ${differenceStep}): ${slope} against ${difference}`);
    }
  };

  return [
    {
      name: 'the family and its optimizees share one layout without gaps',
      run() {
        const family = make();
        const optimizee = family.sample(key);
        require(optimizee.layout.size === family.layout.size, () =>
          'sample(key).layout.size must equal the family layout size');
        let offset = 0;
        for (const group of optimizee.layout.groups) {
          require(group.offset === offset, () =>
            `group "${group.name}" must start at ${offset}, but starts at ${group.offset}`);
          offset += group.size;
        }
        require(offset === optimizee.layout.size, () =>
          `the groups must cover ${optimizee.layout.size} coordinates, but cover ${offset}`);
      },
    },
    {
      name: 'the same key gives the same optimizee, initial parameters and mini-batches; other keys differ',
      run() {
        const [a, b] = [make().sample(key), make().sample(key)];
        const start = a.initialParameters(key);
        require(sameBits(start, b.initialParameters(key)), () =>
          'initialParameters(key) must be reproducible');
        require(start !== a.initialParameters(key), () =>
          'initialParameters(key) must return a fresh array each time');
        require(!sameBits(start, a.initialParameters(key.fold(1))), () =>
          'initialParameters must depend on the key');
        const value = a.minibatch(key, 3).evaluate(start);
        // Asking for other steps first must not matter.
        b.minibatch(key, 7).evaluate(start);
        require(Object.is(value, b.minibatch(key, 3).evaluate(start)), () =>
          'minibatch(key, step) must be random access and reproducible');
      },
    },
    {
      name: 'a mini-batch is pure: interleaved evaluations of two mini-batches repeat their values',
      run() {
        const optimizee = make().sample(key);
        const parameters = somewhere(optimizee.layout.size, key.fold('pure'));
        const before = parameters.slice();
        const [first, second] = [optimizee.minibatch(key, 0), optimizee.minibatch(key, 1)];
        const values = [first.evaluate(parameters), second.evaluate(parameters)];
        const truth = optimizee.trueObjective(parameters);
        require(Object.is(first.evaluate(parameters), values[0]), () =>
          'evaluate must give the same value again');
        require(Object.is(second.evaluate(parameters), values[1]), () =>
          'evaluate must give the same value again');
        require(Object.is(optimizee.trueObjective(parameters), truth), () =>
          'trueObjective must give the same value again');
        require(sameBits(parameters, before), () => 'evaluate must not change the parameters');
        const gradient = new Float32Array(optimizee.layout.size);
        require(Math.abs(first.evaluate(parameters, gradient) - (values[0] as number)) <=
          1e-5 * (1 + Math.abs(values[0] as number)), () =>
          'the value must not depend on whether the gradient is asked for');
      },
    },
    {
      name: 'mini-batch gradients agree with finite differences',
      run() {
        const optimizee = make().sample(key);
        const minibatch = optimizee.minibatch(key, 0);
        differencesAgree(optimizee.layout.size, (p, g) => minibatch.evaluate(p, g), key.fold('minibatch'));
      },
    },
    {
      name: 'true gradients agree with finite differences',
      run() {
        const optimizee = make().sample(key);
        differencesAgree(optimizee.layout.size, (p, g) => optimizee.trueObjective(p, g), key.fold('true'));
      },
    },
  ];
}
