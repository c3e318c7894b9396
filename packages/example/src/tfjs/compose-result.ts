import { summariseCurves } from '@metadescent/core';
import type { ExampleResult } from './command.js';
import { composeMetaLearner } from './compose.js';

type Contender = Awaited<ReturnType<typeof composeMetaLearner>>['curves'][number];

/** Runs example 3 and says in words and curves what came out: the learned rule against the best of the baselines, problem by problem. */
export async function composeExample(seed: number, log: (line: string) => void): Promise<ExampleResult> {
  const { losses, curves } = await composeMetaLearner(seed, log);
  const contenders = curves.map(({ optimizer, objectives }) => ({ optimizer, areas: objectives.map(meanObjective), ...summariseCurves(objectives) }));
  const [own, ...baselines] = contenders.map(({ optimizer, areas }) => ({ optimizer, areas, area: mean(areas) }));
  const best = baselines.reduce((a, b) => (b.area < a.area ? b : a));
  if (!own) throw new Error('composeExample: composeMetaLearner returned no contenders');
  // On the same problems: the spread of the problems drops out.
  const leads = own.areas.map((area, i) => (best.areas[i] as number) - area);
  const lead = mean(leads);
  const uncertainty = Math.sqrt(leads.reduce((sum, d) => sum + (d - lead) ** 2, 0) / (leads.length - 1) / leads.length);
  const verdict = Math.abs(lead) < 2 * uncertainty ? 'a draw' : lead > 0 ? 'the learned rule wins' : 'the baseline wins';
  return {
    title: 'A meta-learner of your own',
    summary: [
      `Mean objective over the steps, on ${leads.length} draws of unseen problems: ${own.area.toFixed(3)} for the learned rule, ${best.area.toFixed(3)} for the best tuned baseline, ${best.optimizer}. ` +
        `The difference is ${lead.toFixed(3)} ± ${uncertainty.toFixed(3)} (paired, standard error): ${verdict}.`,
    ],
    curves: {
      title: 'Robust regressions with badly scaled columns',
      yLabel: 'objective',
      series: contenders.map(({ optimizer, mean: values, standardError, count }, i) => ({ optimizer, kind: i === 0 ? 'learned' : 'hand-made', mean: values, standardError, count })),
      notes: [`Mean over ${leads.length} draws with its standard error; baselines tuned on the same measure, on other draws.`],
    },
    sections: [
      {
        heading: 'Meta-training',
        blocks: [
          { type: 'meta-training', training: { title: 'Truncated backpropagation through the tape', xLabel: 'unroll', lossLabel: 'mean objective', trainLoss: [...losses] } },
        ],
      },
    ],
  };
}

/** Over the steps after the start, as `score: 'mean'` of the tuner. */
function meanObjective(objectives: Contender['objectives'][number]): number {
  return mean([...objectives].slice(1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
