import { checkArgument, createKey } from '@metadescent/core';
import { requireProperty, type ConformanceCheck } from '@metadescent/core/conformance';

export interface GradientConformanceOptions {
  /** The meta-loss of a segment. */
  readonly loss: (point: Float32Array) => number;
  /** ∂loss/∂φ [n] */
  readonly gradient: (point: Float32Array) => ArrayLike<number>;
  /** φ where the two are compared: one where every path carries weight, so not an untrained one [n] */
  readonly point: Float32Array;
  /** ε of the central differences. Default 1e-2: φ is in single precision. */
  readonly epsilon?: number;
  /** Largest error as a share of the gradient's norm. Default 2e-2. */
  readonly tolerance?: number;
  /** Default 6. */
  readonly directions?: number;
  readonly seed?: number;
}

/**
 * The gradient of a segment against central differences of its loss,
 *
 *     |(L(φ + ε u) − L(φ − ε u)) / 2ε − ∇L·u| ≤ tolerance · ‖∇L‖,   u ~ N(0, I)
 *
 * along random directions u. Where a rule's gradient takes the gradients that it reads as constants, give a
 * problem on which that is exact, such as `slopes`.
 *
 * @example
 * for (const check of gradientConformance({ loss, gradient, point })) test(check.name, check.run);
 */
export function gradientConformance(options: GradientConformanceOptions): ConformanceCheck[] {
  const members = ['loss', 'gradient', 'point'];
  checkArgument('gradientConformance', 'the options', options, members, 'pass { loss, gradient, point }');
  const { loss, gradient, point, epsilon = 1e-2, tolerance = 2e-2, directions = 6, seed = 4 } = options;
  const key = createKey(seed);
  return [
    {
      name: `the gradient equals central differences (ε = ${epsilon}) along ${directions} directions`,
      run() {
        const g = Float64Array.from(gradient(point));
        const norm = Math.hypot(...g);
        requireProperty(
          g.length === point.length && norm > 0 && Number.isFinite(norm),
          () => `the gradient must be finite, not zero, and as long as φ, but has norm ${norm}`,
        );
        for (const from of key.split(directions)) {
          const direction = from.normal(point.length);
          const at = (shift: number) => loss(point.map((x, i) => x + shift * (direction[i] as number)));
          const difference = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
          const slope = g.reduce((sum, x, i) => sum + x * (direction[i] as number), 0);
          requireProperty(
            Math.abs(difference - slope) <= tolerance * norm,
            () => `central differences give ${difference}, but the gradient ${slope}, of norm ${norm}`,
          );
        }
      },
    },
  ];
}
