import type {
  CheckedObservation,
  CheckedRecentMean,
  CheckedStandardisation,
  CheckedStates,
} from './accumulator-checks.js';

export interface BarePsdFeatures {
  observe(step: CheckedObservation): void;
  standardise(run: CheckedStandardisation): void;
  recentMean(mean: CheckedRecentMean): void;
  gradientSlot(n: number, now: Float64Array, before: Float64Array, slot: Float64Array): void;
  ratioSlot(
    n: number,
    late: Float64Array,
    early: Float64Array,
    now: Float64Array,
    before: Float64Array,
    slot: Float64Array,
  ): void;
  states(states: CheckedStates): void;
}
