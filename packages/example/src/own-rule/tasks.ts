import {
  antitheticTasks,
  type AntitheticTask,
  type SegmentTask,
  type UnrollCursor,
  type ValidationTask,
} from '@metadescent/meta-learning';
import { quadratics } from '@metadescent/optimizees';
import { momentum, momentumSegment } from './momentum.js';

/** Runs once per worker. */
export function setup({ dimension }: { readonly dimension: number }) {
  const family = quadratics({ dimension });
  const phi = new Float32Array(2);
  return { family, ...antitheticTasks({ learned: momentum, phi, family, validation: family }) };
}
type Context = ReturnType<typeof setup>;

export const segment = (task: SegmentTask<UnrollCursor>, { family }: Context) =>
  momentumSegment(family, task);
export const antithetic = (task: AntitheticTask, context: Context) => context.antithetic(task);
export const validate = (task: ValidationTask, context: Context) => context.validate(task);
