import type { CurveSetInput, ReportBlockInput } from '@metadescent/reporting';
import type { ControlTask } from './control-problem.js';
import type { HeldOutTrials } from './control-record.js';

/** One figure per quantity: a panel for each trial that is shown, with everyone's course in it. */
export function trajectoriesOf(
  { quantities, secondsPerStep }: ControlTask,
  { shown, results }: HeldOutTrials,
): ReportBlockInput[] {
  return quantities.map(({ name, goal }, q) => ({
    type: 'curve-grid' as const,
    title: `Held-out trials: ${name}`,
    columns: 2,
    panels: shown.map((trial, i): CurveSetInput => ({
      title: trial,
      xLabel: 'time, s',
      yLabel: name,
      yScale: 'linear',
      series: results.map(({ name: optimizer, kind, courses }) => {
        const course = courses[q]![i]!;
        return { optimizer, kind, mean: course, steps: course.map((_, t) => t * secondsPerStep) };
      }),
      referenceLines: [{ axis: 'y' as const, ...goal }],
    })),
  }));
}
