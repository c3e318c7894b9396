import { allFinite, checkArgument, createKey, parameterLayout, UserError } from '@metadescent/core';
import {
  optimizerConformance,
  requireProperty,
  sameBits,
  type ConformanceCheck,
  type OptimizerConformanceOptions,
} from '@metadescent/core/conformance';
import type { LearnedOptimizer } from '../learned-optimizer.js';

/**
 * What every learned optimizer must satisfy: φ is drawn from the key alone, its vector goes out and comes in
 * without loss, what is handed out is a copy, and the optimizer of every φ satisfies `optimizerConformance`.
 *
 * @param create makes the learned optimizer, afresh for each check
 * @param options of `optimizerConformance`; `descends` is false unless said otherwise, since `init` gives an
 *   untrained φ
 * @throws UserError if `create` is no function.
 * @example
 * for (const check of learnedOptimizerConformance(() => momentum)) test(check.name, check.run);
 */
export function learnedOptimizerConformance<Phi>(
  create: () => LearnedOptimizer<Phi>,
  options: OptimizerConformanceOptions = {},
): ConformanceCheck[] {
  const advice = 'pass a function that makes one, such as () => lstmLearnedOptimizer({ rule, engine })';
  if (typeof create !== 'function')
    throw new UserError(`learnedOptimizerConformance: the first argument must be a function; ${advice}`);
  const make = (): LearnedOptimizer<Phi> => {
    const learned = create();
    const members = ['name', 'init', 'flat', 'withFlat', 'optimizer'];
    checkArgument('learnedOptimizerConformance', 'what the function returns', learned, members, advice);
    return learned;
  };
  const key = createKey(options.seed ?? 4);
  const other = (vector: Float32Array) => vector.map((x, i) => x + 0.01 * Math.sin(1 + i));
  return [
    {
      name: 'φ is a function of the key: finite, and the same bits twice',
      run() {
        const vectors = [make(), make()].map((learned) => learned.flat(learned.init(key)));
        const [first, second] = vectors as [Float32Array, Float32Array];
        requireProperty(
          first.length > 0 && allFinite(first),
          () => `flat(init(key)) must be a finite vector, but is [${first}]`,
        );
        requireProperty(sameBits(first, second), () => 'init must draw from its key alone');
      },
    },
    {
      name: 'flat and withFlat are inverse to each other',
      run() {
        const learned = make();
        const phi = learned.init(key);
        const values = other(learned.flat(phi));
        const moved = learned.withFlat(phi, values);
        requireProperty(sameBits(learned.flat(moved), values), () => 'flat(withFlat(φ, x)) must be x');
        const back = learned.withFlat(moved, learned.flat(phi));
        requireProperty(
          sameBits(learned.flat(back), learned.flat(phi)),
          () => 'withFlat(φ, flat(φ)) must be φ',
        );
      },
    },
    {
      name: 'vectors are handed out and taken in as copies',
      run() {
        const learned = make();
        const phi = learned.init(key);
        const before = learned.flat(phi).slice();
        learned.flat(phi).fill(7);
        requireProperty(sameBits(learned.flat(phi), before), () => 'writing into flat(φ) must not change φ');
        const values = other(before);
        const moved = learned.withFlat(phi, values);
        requireProperty(sameBits(learned.flat(phi), before), () => 'withFlat must not change its φ');
        values.fill(7);
        requireProperty(
          sameBits(learned.flat(moved), other(before)),
          () => 'writing into the vector after withFlat must not change what it returned',
        );
      },
    },
    {
      name: 'the optimizer of one φ is untouched by that of another',
      run() {
        const learned = make();
        const phi = learned.init(key);
        const alone = firstStep(learned, phi);
        firstStep(learned, learned.withFlat(phi, other(learned.flat(phi))));
        requireProperty(
          sameBits(firstStep(learned, phi), alone),
          () => 'a step must depend on φ, state and observation alone',
        );
      },
    },
    ...optimizerConformance(
      () => {
        const learned = make();
        return learned.optimizer(learned.init(key));
      },
      { descends: false, ...options },
    ).map(({ name, run }) => ({ name: `its optimizer: ${name}`, run })),
  ];
}

/** The step on a fixed gradient of five coordinates. */
function firstStep<Phi>(learned: LearnedOptimizer<Phi>, phi: Phi): Float32Array {
  const layout = parameterLayout([
    { name: 'layer-0/weight', role: 'weight', layer: 0, shape: [2, 2] },
    { name: 'layer-0/bias', role: 'bias', layer: 0, shape: [1] },
  ]);
  const optimizer = learned.optimizer(phi);
  const step = new Float32Array(5);
  optimizer.update(
    {
      layout,
      iteration: 0,
      parameters: Float32Array.of(0.5, -1, 2, 0, 1),
      gradient: Float32Array.of(1, -0.5, 0.25, 2, -3),
      objective: 1,
      minibatch: { evaluate: () => 1 },
    },
    optimizer.init(layout),
    step,
  );
  return step;
}
