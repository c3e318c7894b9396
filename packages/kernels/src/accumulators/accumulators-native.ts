import type { BarePsdFeatures } from './bare-accumulators.js';
import { psdCorrections } from './accumulators.js';
import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';

/** The functions of c/psd-features.c. */
export function nativePsdFeatures(library: NativeLibrary, target: NativeTarget): BarePsdFeatures {
  const declare = (name: string, parameters: string) =>
    library.func(`void psd_${name}_${target}(${parameters})`);
  const observe = declare(
    'observe',
    'int, int, double, double, const float *, const float *, float *, float *, float *, float *',
  );
  const observeScale = declare(
    'observe_scale',
    'int, double, double, double, const float *, float *, float *, float *, float *',
  );
  const standardise = declare(
    'standardise',
    'int, int, int, int, const float *, const double *, const double *, double, int, int, float *',
  );
  const recentMean = declare('recent_mean', 'int, int, int, int, double, const double *, double *');
  const gradientSlot = declare('gradient_slot', 'int, const double *, const double *, double *');
  const ratioSlot = declare(
    'ratio_slot',
    'int, const double *, const double *, const double *, const double *, double *',
  );
  const states = declare(
    'states',
    'int, int, const int *, const double *, const double *, const double *, const double *, double *',
  );
  return {
    observe(step) {
      const { n, averages, t, change, scale, gradient, parameters, memory, planes } = step;
      observe(
        n,
        t,
        change,
        scale,
        gradient,
        parameters,
        memory.gradient,
        memory.previous,
        memory.earlier,
        planes,
      );
      if (!averages) return;
      const corrections = psdCorrections(t);
      const { momentum, square, total } = averages;
      observeScale(
        n,
        scale,
        corrections.momentum,
        corrections.square,
        gradient,
        momentum,
        square,
        total,
        planes.subarray(3 * n),
      );
    },
    standardise(run) {
      const { features, n, total, first, count, planes, mean, deviation, limit, at, inputs } = run;
      standardise(features, n, first, count, planes, mean, deviation, limit, total, at, inputs);
    },
    recentMean({ n, rows, oldest, width, scale, values, mean }) {
      recentMean(n, rows, oldest, width, scale, values, mean);
    },
    gradientSlot(n, now, before, slot) {
      gradientSlot(n, now, before, slot);
    },
    ratioSlot(n, late, early, now, before, slot) {
      ratioSlot(n, late, early, now, before, slot);
    },
    states(options) {
      const { history, count, rows, objective, gradient, ratio, iterates } = options;
      states(history, count, rows, objective, gradient, ratio, iterates, options.states);
    },
  };
}
