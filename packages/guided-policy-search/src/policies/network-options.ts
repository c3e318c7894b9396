import * as z from 'zod/mini';

const positive = z.number().check(z.positive());

/** Training of the network policies. */
export const networkTrainingOptions = z.strictObject({
  /** One network for all groups instead of one per group. */
  shared: z._default(z.boolean(), false),
  /** Adam's rate; it falls to a tenth over the last third of a fit. */
  rate: z._default(positive, 5e-3),
  /** Steps of the first fit and of the later ones. */
  cloneSteps: z._default(z.int().check(z.nonnegative()), 1000),
  steps: z._default(z.int().check(z.nonnegative()), 300),
  /** Samples (or sequences) per step. */
  batch: z._default(z.int().check(z.positive()), 64),
  /** Clip of the gradient's norm. */
  clip: z._default(positive, 1),
  /** Share of the trajectories held out to decide whether a fit is kept. */
  heldOut: z._default(z.number().check(z.minimum(0), z.maximum(0.5)), 0.1),
});

export type NetworkTraining = z.output<typeof networkTrainingOptions>;
export type NetworkTrainingInput = z.input<typeof networkTrainingOptions>;

/** Rate at step i of n: constant, then geometrically down to a tenth over the last third. */
export function scheduledRate(rate: number, i: number, n: number): number {
  const start = (2 * n) / 3;
  return i < start ? rate : rate * 0.1 ** ((i - start) / Math.max(1, n - start));
}

/** Splits trajectories: the last share (at least one, if there are five or more) is held out. */
export function splitTrajectories(
  count: number,
  heldOut: number,
): { readonly train: readonly number[]; readonly test: readonly number[] } {
  const held = heldOut === 0 || count < 5 ? 0 : Math.max(1, Math.round(heldOut * count));
  const all = Array.from({ length: count }, (_, m) => m);
  return { train: all.slice(0, count - held), test: held > 0 ? all.slice(count - held) : all };
}
