import type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
import type { BareAccumulators } from './bare-accumulators.js';
import { fourGroups } from './column-groups.js';

/** Declares the functions of c/accumulators.c. */
export function nativeAccumulators(library: NativeLibrary, target: NativeTarget): BareAccumulators {
  const declare = (name: string, parameters: string) => library.func(`void ${name}_${target}(${parameters})`);
  const relativeChanges = declare(
    'relative_changes',
    'int, int, double, double, double, const float *, const float *, float *, float *, float *, float *',
  );
  const moments = declare(
    'moments',
    'int, double, double, double, double, double, double, double, const float *, float *, float *, float *, float *',
  );
  const standardise = declare(
    'standardise',
    'int, int, int, int, const float *, const double *, const double *, double, int, int, float *',
  );
  const ringMean = declare('ring_mean', 'int, int, int, int, double, const double *, double *');
  const ratios = declare('ratios', 'int, double, const double *, const double *, double *');
  const changeRatios = declare(
    'change_ratios',
    'int, double, const double *, const double *, const double *, const double *, double *',
  );
  const interleave = declare(
    'interleave',
    'int, int, const int *, const int *, const int *, const double *, const double *, const double *, const double *, int, double *',
  );
  return {
    relativeChanges(step) {
      const { n, t, scale, gradient, parameters, memory, gradientOffset, movementOffset, planes } = step;
      const { gradient: before, previous, earlier } = memory;
      relativeChanges(
        n,
        t,
        scale,
        gradientOffset,
        movementOffset,
        gradient,
        parameters,
        before,
        previous,
        earlier,
        planes,
      );
    },
    moments(step) {
      const { n, scale, gradient, averages, momentumDecay, squareDecay, floor, logUnit, planes } = step;
      const { momentum, square, total } = averages;
      moments(
        n,
        scale,
        momentumDecay,
        squareDecay,
        step.momentumCorrection,
        step.squareCorrection,
        floor,
        logUnit,
        gradient,
        momentum,
        square,
        total,
        planes,
      );
    },
    standardise(run) {
      const { features, n, total, first, count, planes, mean, deviation, limit, at, inputs } = run;
      standardise(features, n, first, count, planes, mean, deviation, limit, total, at, inputs);
    },
    ringMean({ n, count, oldest, width, scale, values, mean }) {
      ringMean(n, count, oldest, width, scale, values, mean);
    },
    ratios({ n, now, before, offset, ratio }) {
      ratios(n, offset, now, before, ratio);
    },
    changeRatios({ n, late, early, now, before, offset, ratio }) {
      changeRatios(n, offset, late, early, now, before, ratio);
    },
    interleave({ count, groups, rows, width }) {
      let column = 0;
      for (let g = 0; g < groups.length; g += 4) {
        const four = fourGroups(groups, g);
        const values = (i: number) => groups[g + i]?.values ?? null;
        interleave(
          count,
          four.count,
          four.columns,
          four.steps,
          four.starts,
          values(0),
          values(1),
          values(2),
          values(3),
          width,
          column > 0 ? rows.subarray(column) : rows,
        );
        column += four.starts.length;
      }
    },
  };
}
