import { mean, standardError, summariseCurves } from '@metadescent/core';
import { describeTuningOutcome, type TuningReport } from '@metadescent/optimizers';
import type {
  CurveSetInput,
  MetaTrainingRecordInput,
  OptimizerKind,
  ReportInput,
  TuningRecordInput,
} from '@metadescent/reporting';

/** What an example found: a report, and the curves to show in the terminal. */
export interface ExampleResult {
  readonly title: string;
  readonly summary: readonly string[];
  readonly curves: CurveSetInput;
  readonly sections: ReportInput['sections'];
}

/**
 * One optimizer's objective over the steps, on repetitions that all contenders share, in the same order
 * [repetitions][T + 1].
 */
export interface Contender {
  readonly name: string;
  readonly kind: OptimizerKind;
  readonly curves: readonly ArrayLike<number>[];
}

export interface Comparison {
  readonly title: string;
  readonly problem: string;
  readonly yLabel: string;
  /** The learned one first. */
  readonly contenders: readonly Contender[];
  readonly tuning: readonly TuningRecordInput[];
  readonly training?: MetaTrainingRecordInput;
  readonly notes: readonly string[];
}

/** How a series is called where the figures of all reports have a colour for it. */
const shownNames: Readonly<Record<string, string>> = {
  'l2l-mnist': 'lstm',
  'psd-normalised': 'psd-n',
  'psd-plus': 'psd+',
};

/** A rule's name in `LearnedOptimizer` as figures and tables show it. */
export function shownName(rule: string): string {
  return shownNames[rule] ?? rule;
}

/**
 * Says in words, curves and tables how the first contender did against the best of the others, by the mean
 * over the steps: repetition by repetition, so that what is hard for all drops out.
 */
export function comparison({
  title,
  problem,
  yLabel,
  contenders,
  tuning,
  training,
  notes,
}: Comparison): ExampleResult {
  const scored = contenders.map(({ name, curves }) => ({
    name,
    scores: curves.map((curve) => mean(Array.from(curve).slice(1))),
  }));
  const [own, ...others] = scored;
  if (!own || others.length === 0)
    throw new RangeError(`comparison: "${title}" has ${contenders.length} contenders; give it at least two`);
  const best = others.reduce((a, b) => (mean(b.scores) < mean(a.scores) ? b : a));
  const leads = own.scores.map((score, i) => (best.scores[i] as number) - score);
  const [lead, uncertainty] = [mean(leads), standardError(leads)];
  const verdict =
    Math.abs(lead) < 2 * uncertainty ? 'a draw' : `${lead > 0 ? own.name : best.name} is better`;
  return {
    title,
    summary: [
      `Mean ${yLabel} over the steps, ${leads.length} repetitions: ${mean(own.scores).toFixed(3)} for the learned ${own.name}, ${mean(best.scores).toFixed(3)} for the best tuned baseline, ` +
        `${best.name}. The difference is ${Math.abs(lead).toFixed(3)} ± ${uncertainty.toFixed(3)} (paired, standard error): ${verdict}.`,
    ],
    curves: {
      title: problem,
      yLabel,
      series: contenders.map(({ name, kind, curves }) => ({
        optimizer: name,
        kind,
        ...summariseCurves(curves),
      })),
      notes: [...notes],
    },
    sections: [
      ...(training
        ? [{ heading: 'Meta-training', blocks: [{ type: 'meta-training' as const, training }] }]
        : []),
      { heading: 'Tuning', blocks: [{ type: 'tuning' as const, records: [...tuning] }] },
    ],
  };
}

/** A search of the project's tuner, as reports show it. */
export function tuningRecordOf({
  optimizer,
  best,
  candidates,
  outcome,
  tasks,
}: TuningReport): TuningRecordInput {
  return {
    optimizer,
    chosen: { ...best?.options },
    criterion: `mean over ${tasks} tasks`,
    grid: candidates.map(({ options, score, standardError: error }) => ({
      parameters: options,
      score,
      standardError: error,
    })),
    edgeNotes: [describeTuningOutcome(outcome)],
  };
}
