import type { MetaTrainingRecord } from './meta-training-record.js';

/**
 * What a reader must know beside the figure of a meta-training, in sentences: which epoch was kept, what the
 * panels cannot show; then the notes.
 */
export function metaTrainingSentences(training: MetaTrainingRecord): string[] {
  const { xLabel, bestEpoch, trainLoss, validationLoss = [], metaGradientNorm = [], yScale } = training;
  const curves = [
    { name: 'training', values: trainLoss, log: yScale === 'log' },
    // A NaN there is an epoch without validation.
    {
      name: 'validation',
      values: validationLoss.filter((value) => !Number.isNaN(value)),
      log: yScale === 'log',
    },
    { name: 'meta-gradient', values: metaGradientNorm, log: true },
  ];
  const counted = (what: (value: number, log: boolean) => boolean): string =>
    curves
      .map(({ name, values, log }) => ({ name, count: values.filter((value) => what(value, log)).length }))
      .filter(({ count }) => count > 0)
      .map(({ name, count }) => `${name} ${count}`)
      .join(', ');
  const lost = counted((value) => !Number.isFinite(value));
  const unshown = counted((value, log) => log && Number.isFinite(value) && value <= 0);
  return [
    ...(bestEpoch === undefined ? [] : [`The weights of ${xLabel} ${bestEpoch} were kept.`]),
    ...(lost === '' ? [] : [`Gaps are values that are not finite: ${lost}.`]),
    ...(unshown === '' ? [] : [`A log axis cannot show values ≤ 0, which are gaps too: ${unshown}.`]),
    ...training.notes,
  ];
}
