import type { MetaTrainingRecordInput, ReportInput } from '@metadescent/reporting';
import type { RunRecord } from '@metadescent/runtime';
import type { MetaTrainingConfig } from './meta-training-record.js';
import { counted, repeatSection, statusSentence } from './run-sections.js';
import type { RunOf } from './training-run.js';

/** The meta-training curves of a run's metrics. */
export function trainingRecord(title: string, metrics: RunRecord['metrics']): MetaTrainingRecordInput {
  const column = (name: string): number[] => metrics.map((record) => Number(record[name]));
  const validation = column('validationScore');
  const best = validation.indexOf(Math.min(...validation.filter(Number.isFinite)));
  return {
    title,
    lossLabel: 'true objective',
    epochs: column('step').map((epoch) => epoch + 1),
    trainLoss: column('trainingObjective'),
    validationLoss: validation,
    metaGradientNorm: column('gradientNorm'),
    ...(best >= 0 && Number.isFinite(validation[best]) && { bestEpoch: 1 + best }),
    notes: [
      'Training: mini-batch objective of a single function, mean over all steps of the unrolls. Validation: what the recipe scores on held-out optimizees (by default the true objective at the horizon).',
      `${column('nonFiniteUnrolls').reduce((a, b) => a + b, 0)} unrolls were given up because a value was not finite.`,
    ],
  };
}

/** The report of a meta-training run, finished or under way. */
export function trainingReport(run: RunOf<MetaTrainingConfig>): ReportInput {
  const { metrics, config } = run;
  const { experiment, preset } = config;
  return {
    title: `Meta-training ${experiment}`,
    summary: [statusSentence(run, counted(metrics.length, 'epoch'))],
    sections: [
      ...(metrics.length > 0
        ? [
            {
              heading: 'Course',
              blocks: [
                {
                  type: 'meta-training' as const,
                  training: trainingRecord(`${experiment}, ${preset}`, metrics),
                },
              ],
            },
          ]
        : []),
      repeatSection(run),
    ],
  };
}
