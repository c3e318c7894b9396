import type { MetaTrainingRecordInput, ReportInput } from '@metadescent/reporting';
import type { RunRecord } from '@metadescent/runtime';
import { counted, repeatSection, statusSentence, type TrainingConfig } from './run-sections.js';

/** The meta-training curves of a run's metrics. */
export function trainingRecord(title: string, metrics: RunRecord['metrics']): MetaTrainingRecordInput {
  const column = (name: string): number[] => metrics.map((record) => Number(record[name]));
  const validation = column('validationScore');
  return {
    title,
    lossLabel: 'true objective',
    epochs: column('step').map((epoch) => epoch + 1),
    trainLoss: column('trainingObjective'),
    validationLoss: validation,
    metaGradientNorm: column('gradientNorm'),
    bestEpoch: 1 + validation.indexOf(Math.min(...validation.filter(Number.isFinite))),
    notes: [
      'Training: mean mini-batch objective over all steps of the unrolls. Validation: what the recipe scores on held-out optimizees (by default the true objective at the horizon).',
      `${column('nonFiniteUnrolls').reduce((a, b) => a + b, 0)} unrolls were given up because a value was not finite.`,
    ],
  };
}

/** The report of a meta-training run, finished or under way. */
export function trainingReport(run: RunRecord): ReportInput {
  const { metrics } = run;
  const { experiment, preset } = run.config as TrainingConfig;
  return {
    title: `Meta-training ${experiment}`,
    summary: [statusSentence(run, counted(metrics.length, 'epoch'))],
    sections: [
      ...(metrics.length > 0
        ? [{ heading: 'Course', blocks: [{ type: 'meta-training' as const, training: trainingRecord(`${experiment}, ${preset}`, metrics) }] }]
        : []),
      repeatSection(run),
    ],
  };
}
