import { checkObservation, checkRecentMean, checkSlot, checkStandardisation, checkStates } from '../psd-feature-checks.js';
import { psdCorrections, type PsdFeatureKernels } from '../psd-features.js';
import type { NativeLibrary, NativeTarget } from './native-library.js';

/** The functions of c/psd-features.c. */
export function nativePsdFeatures(library: NativeLibrary, target: NativeTarget): PsdFeatureKernels {
  const declare = (name: string, parameters: string) => library.func(`void psd_${name}_${target}(${parameters})`);
  const observe = declare('observe', 'int, int, double, double, const float *, const float *, float *, float *, float *, float *');
  const observeScale = declare('observe_scale', 'int, double, double, double, const float *, float *, float *, float *, float *');
  const standardise = declare('standardise', 'int, int, int, int, const float *, const double *, const double *, double, int, int, float *');
  const recentMean = declare('recent_mean', 'int, int, int, int, double, const double *, double *');
  const gradientSlot = declare('gradient_slot', 'int, const double *, const double *, double *');
  const ratioSlot = declare('ratio_slot', 'int, const double *, const double *, const double *, const double *, double *');
  const states = declare('states', 'int, int, const int *, const double *, const double *, const double *, const double *, double *');
  return {
    observe(step) {
      const { t, change, scale, gradient, parameters, memory, planes } = step;
      const { n, averages } = checkObservation(step);
      observe(n, t, change, scale, gradient, parameters, memory.gradient, memory.previous, memory.earlier, planes);
      if (!averages) return;
      const corrections = psdCorrections(t);
      const { momentum, square, total } = averages;
      observeScale(n, scale, corrections.momentum, corrections.square, gradient, momentum, square, total, planes.subarray(3 * n));
    },
    standardise(run) {
      const { features, n, total } = checkStandardisation(run);
      const { first, count, planes, mean, deviation, limit, at, inputs } = run;
      standardise(features, n, first, count, planes, mean, deviation, limit, total, at, inputs);
    },
    recentMean(options) {
      const { n, rows } = checkRecentMean(options);
      recentMean(n, rows, options.oldest, options.width, options.scale, options.values, options.mean);
    },
    gradientSlot(now, before, slot) {
      gradientSlot(checkSlot('gradientSlot', { now, before }, slot), now, before, slot);
    },
    ratioSlot(late, early, now, before, slot) {
      ratioSlot(checkSlot('ratioSlot', { late, early, now, before }, slot), late, early, now, before, slot);
    },
    states(options) {
      const { history, count } = checkStates(options);
      const { rows, objective, gradient, ratio, iterates } = options;
      states(history, count, rows, objective, gradient, ratio, iterates, options.states);
    },
  };
}
