/** How a rollout ended. */
export type Outcome =
  /** All steps were taken and every value was finite. */
  | { readonly kind: 'finished' }
  /**
   * The objective, the gradient or the step had a NaN or an infinity at step `step`; the iterate before it is
   * kept.
   */
  | { readonly kind: 'non-finite'; readonly step: number; readonly what: 'objective' | 'gradient' | 'step' }
  /** The objective passed `divergenceFactor` · max(1, |f̂(θ₀)|) at step `step`. */
  | { readonly kind: 'diverged'; readonly step: number };

/** A sentence for people: what happened, and what to try. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'finished':
      return 'finished: every step was taken and every value was finite';
    case 'non-finite':
      return `non-finite ${outcome.what} at step ${outcome.step}: lower the learning rate or check the data for NaN`;
    case 'diverged':
      return `diverged at step ${outcome.step}: the objective passed the divergence limit; lower the learning rate`;
  }
}
