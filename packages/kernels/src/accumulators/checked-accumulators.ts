import {
  checkChangeRatios,
  checkInterleaving,
  checkMoments,
  checkRatios,
  checkRelativeChanges,
  checkRingMean,
  checkStandardisation,
} from './accumulator-checks.js';
import type { Accumulators } from './accumulators.js';
import type { BareAccumulators } from './bare-accumulators.js';

/** The accumulators with every argument checked. */
export function checkedAccumulators(bare: BareAccumulators): Accumulators {
  return {
    relativeChanges: (step) => bare.relativeChanges(checkRelativeChanges(step)),
    moments: (step) => bare.moments(checkMoments(step)),
    standardise: (run) => bare.standardise(checkStandardisation(run)),
    ringMean: (options) => bare.ringMean(checkRingMean(options)),
    ratios: (options) => bare.ratios(checkRatios(options)),
    changeRatios: (options) => bare.changeRatios(checkChangeRatios(options)),
    interleave: (options) => bare.interleave(checkInterleaving(options)),
  };
}
