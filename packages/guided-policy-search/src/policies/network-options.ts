import { UserError } from '@metadescent/core';
import { z } from 'zod';

const positive = z.number().positive();

/** Training of the network policies. */
export const networkTrainingOptions = z.strictObject({
  /** One network for all groups instead of one per group. */
  shared: z.boolean().default(false),
  /** Adam's rate; it falls to a tenth over the last third of a fit. */
  rate: positive.default(5e-3),
  /** Steps of the first fit and of the later ones. */
  cloneSteps: z.int().nonnegative().default(1000),
  steps: z.int().nonnegative().default(300),
  /** Samples (or sequences) per step. */
  batch: z.int().positive().default(64),
  /** Clip of the gradient's norm. */
  clip: positive.default(1),
  /** Share of the trajectories held out to decide whether a fit is kept. */
  heldOut: z.number().min(0).max(0.5).default(0.1),
});

export type NetworkTraining = z.output<typeof networkTrainingOptions>;
export type NetworkTrainingInput = z.input<typeof networkTrainingOptions>;

/** @throws UserError listing every option that is wrong. */
export function parseNetwork<S extends z.ZodType>(schema: S, what: string, input: z.input<S>): z.output<S> {
  const result = schema.safeParse(input);
  if (!result.success)
    throw new UserError(`${what}: the options are not valid\n${z.prettifyError(result.error)}`);
  return result.data;
}

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
