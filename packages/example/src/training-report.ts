import type { MetaTrainingRecordInput, ReportInput } from '@metadescent/reporting';
import type { RunRecord } from '@metadescent/runtime';

/** What a training run's config holds that the report shows. */
interface TrainingConfig {
  readonly experiment: string;
  readonly preset: string;
  readonly seed: number;
}

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

/** The report of a training run, finished or under way. */
export function trainingReport({ config, environments, metrics, timing, outcome }: RunRecord): ReportInput {
  const { experiment, preset, seed } = config as TrainingConfig;
  const last = environments.at(-1);
  return {
    title: `Meta-training ${experiment}`,
    summary: [outcome ? `The run ${outcome.status} after ${metrics.length} epochs.` : `The run is under way or was stopped: ${metrics.length} epochs so far.`],
    sections: [
      ...(metrics.length > 0
        ? [{ heading: 'Course', blocks: [{ type: 'meta-training' as const, training: trainingRecord(`${experiment}, ${preset}`, metrics) }] }]
        : []),
      {
        heading: 'How to repeat it',
        blocks: [
          {
            type: 'run' as const,
            facts: {
              engine: last?.engine ?? 'unknown',
              versions: last?.packages ?? {},
              seed,
              wallTimeSeconds: Number(timing.at(-1)?.['seconds'] ?? 0),
              command: `npx metadescent train ${experiment} --preset ${preset} --seed ${seed}`,
            },
          },
        ],
      },
    ],
  };
}
