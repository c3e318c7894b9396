import type { BarePsdFeatures } from './bare-accumulators.js';
import {
  checkObservation,
  checkRecentMean,
  checkSlot,
  checkStandardisation,
  checkStates,
} from './accumulator-checks.js';
import type { PsdFeatureKernels } from './accumulators.js';

/** The features of Predicted Step Descent with every argument checked. */
export function checkedPsdFeatures(bare: BarePsdFeatures): PsdFeatureKernels {
  return {
    observe: (step) => bare.observe(checkObservation(step)),
    standardise: (run) => bare.standardise(checkStandardisation(run)),
    recentMean: (options) => bare.recentMean(checkRecentMean(options)),
    gradientSlot(now, before, slot) {
      bare.gradientSlot(checkSlot('psdFeatures.gradientSlot', { now, before }, slot), now, before, slot);
    },
    ratioSlot(late, early, now, before, slot) {
      const n = checkSlot('psdFeatures.ratioSlot', { late, early, now, before }, slot);
      bare.ratioSlot(n, late, early, now, before, slot);
    },
    states: (options) => bare.states(checkStates(options)),
  };
}
