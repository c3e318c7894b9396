import * as z from 'zod/mini';

/** How far back the state features look. */
export const featureShapeSchema = z.strictObject({
  /** Slots of the objective and ratio families; the gradient family has one more. Li & Malik 2017, §3.6: 25. */
  history: z._default(z.int().check(z.minimum(1)), 25),
  /** Steps between two slots. Li & Malik 2017, §3.6: 5. */
  stride: z._default(z.int().check(z.minimum(1)), 5),
  /** Steps over which iterates, gradients and objectives are averaged. Li & Malik 2017, §3.6: 3. */
  window: z._default(z.int().check(z.minimum(1)), 3),
});

/** A validated feature shape. */
export type FeatureShape = z.output<typeof featureShapeSchema>;

/** The shape of the paper: 77 numbers per coordinate. */
export const paperFeatures: FeatureShape = { history: 25, stride: 5, window: 3 };

/**
 * D: length of a coordinate's state (x, Φ).
 *
 * @example
 * stateSizeOf(paperFeatures) // => 77
 */
export function stateSizeOf({ history }: FeatureShape): number {
  return 2 + 3 * history;
}

/**
 * Where each part of a coordinate's state begins: the iterate, then H objective slots, H + 1 gradient slots,
 * H ratio slots.
 */
export function stateSlots({ history }: FeatureShape): {
  readonly iterate: number;
  readonly objective: number;
  readonly gradient: number;
  readonly ratio: number;
} {
  return { iterate: 0, objective: 1, gradient: 1 + history, ratio: 2 + 2 * history };
}

/**
 * The shape without slots that are zero for all t ≤ T: nothing is lost on short horizons, and D falls.
 *
 * @example
 * featuresWithin(paperFeatures, 40).history // => 8
 */
export function featuresWithin(shape: FeatureShape, horizon: number): FeatureShape {
  return { ...shape, history: Math.max(1, Math.min(shape.history, Math.floor(horizon / shape.stride))) };
}
