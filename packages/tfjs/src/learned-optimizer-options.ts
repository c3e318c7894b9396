import * as z from 'zod/mini';
import type { KernelEngine } from '@metadescent/kernels';
import { groupOverridesSchema } from './variable-groups.js';
import { guardOptionsSchema } from './guard.js';
import type { Listener } from './say.js';

/** The options of `LearnedOptimizer` that are plain data: they are saved with a model. */
export const learnedOptimizerOptionsSchema = z.strictObject({
  /**
   * `true` or options: fall back to ADAM when the loss leaves a trust band or is not finite, and say when the
   * horizon of the weights is passed. Default: no guard.
   */
  guard: z.pipe(
    z._default(z.union([z.boolean(), guardOptionsSchema]), false),
    z.transform((guard) => (guard === true ? guardOptionsSchema.parse({}) : guard)),
  ),
  /** Corrections to the coordinate groups, see `variableGroups`. */
  groups: z._default(groupOverridesSchema, {}),
  /**
   * How the rule's memory is kept; default: `per-variable` for a rule that says it is `coordinatewise`, and
   * `joint`, which is right for every rule, for others.
   */
  slots: z.optional(z.enum(['per-variable', 'joint'])),
  /** What a variable without saved state does at the first step after loading: an error, or a fresh start. */
  unknownVariables: z._default(z.enum(['error', 'fresh']), 'error'),
});

export interface LearnedOptimizerOptions extends z.input<typeof learnedOptimizerOptionsSchema> {
  /**
   * What computes learned rules; WebAssembly by default. In Node, `loadEngine()` of @metadescent/kernels/node
   * is faster.
   */
  readonly engine?: KernelEngine;
  /** Receives what the guard has to say; the console's warnings by default. */
  readonly onMessage?: Listener;
}
