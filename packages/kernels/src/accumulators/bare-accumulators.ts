import type {
  CheckedChangeRatios,
  CheckedInterleaving,
  CheckedMoments,
  CheckedRatios,
  CheckedRelativeChanges,
  CheckedRingMean,
  CheckedStandardisation,
} from './accumulator-checks.js';

/** The accumulators without a check of their arguments. */
export interface BareAccumulators {
  relativeChanges(step: CheckedRelativeChanges): void;
  moments(step: CheckedMoments): void;
  standardise(run: CheckedStandardisation): void;
  ringMean(mean: CheckedRingMean): void;
  ratios(ratios: CheckedRatios): void;
  changeRatios(ratios: CheckedChangeRatios): void;
  interleave(interleaving: CheckedInterleaving): void;
}
