import { parameterLayout, type Minibatch, type Optimizee, type OptimizeeFamily } from '@metadescent/core';

/**
 * `count` independent optimizees of a family side by side, as one optimizee whose objective is their sum:
 *
 *     f(θ) = Σ_k f_k(θ_k),   θ = (θ_0, …, θ_{count−1})
 *
 * Each part has the gradient that it would have alone, so a coordinatewise optimizer takes the same steps on
 * it: one rollout does the work of `count`, and a kernel's lanes stay full on small optimizees. The
 * meta-gradient is the sum over the parts.
 *
 * @throws RangeError if `count` is not a positive integer.
 * @example
 * stackFamily(quadratics(), 16).layout.size // => 160
 */
export function stackFamily(family: OptimizeeFamily, count: number): OptimizeeFamily {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`stackFamily: the count must be a positive integer, but is ${count}`);
  const n = family.layout.size;
  const layout = parameterLayout(
    Array.from({ length: count }, (_, part) =>
      family.layout.groups.map((group) => ({ ...group, name: `part-${part}/${group.name}` })),
    ).flat(),
  );
  const sum =
    (parts: readonly Minibatch['evaluate'][]): Minibatch['evaluate'] =>
    (parameters, gradient) =>
      parts.reduce(
        (total, evaluate, part) =>
          total +
          evaluate(
            parameters.subarray(part * n, (part + 1) * n),
            gradient?.subarray(part * n, (part + 1) * n),
          ),
        0,
      );
  const name = `${count} × ${family.name}`;
  return {
    name,
    layout,
    parts: count * (family.parts ?? 1),
    sample(key): Optimizee {
      const parts = key.split(count).map((partKey) => family.sample(partKey));
      return {
        name,
        layout,
        initialParameters(from) {
          const parameters = new Float32Array(layout.size);
          parts.forEach((part, k) => parameters.set(part.initialParameters(from.fold(k)), k * n));
          return parameters;
        },
        minibatch(from, step) {
          const minibatches = parts.map((part, k) => part.minibatch(from.fold(k), step));
          return { evaluate: sum(minibatches.map((minibatch) => (p, g) => minibatch.evaluate(p, g))) };
        },
        trueObjective: sum(parts.map((part) => (p, g) => part.trueObjective(p, g))),
      };
    },
  };
}
