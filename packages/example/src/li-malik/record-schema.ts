import { tuningRecordSchema } from '@metadescent/reporting';
import * as z from 'zod/mini';
import {
  anyNumber,
  count,
  curveFields,
  name,
  optimizerKind,
  rule,
  runFields,
  text,
  wrongLength,
} from '../record-fields.js';
import type { Recorded } from '../record-file.js';

const panelEntrySchema = z.strictObject({
  optimizer: name,
  kind: optimizerKind,
  /** Of f(θ_t) over the seeds that were finite there, at the drawn iterations [points each]. */
  ...curveFields,
  /** f(θ_T) per seed; Infinity where the rollout did not get there [seeds]. */
  finals: z.array(anyNumber),
  /**
   * The mean of f(θ_t) over t = 1 … T per seed: the meta-loss over T; Infinity where the rollout did not get
   * there [seeds].
   */
  means: z.array(anyNumber),
  /** Rollouts that met a value that is not finite. */
  nonFinite: count,
  /** Rollouts that were finite and ended above their start: f(θ_T) > f(θ_0). */
  aboveStart: count,
});

/** One optimizer in one panel. */
export type PanelEntry = Recorded<typeof panelEntrySchema>;

const panelFields = {
  /** Iterations of the curves of all entries, 0 … T. */
  steps: z.array(count).check(z.minLength(1, 'expected at least one iteration')),
  entries: z.array(panelEntrySchema).check(z.minLength(1, 'expected at least one optimizer')),
};
const panelSchema = z.strictObject(panelFields);

/** True objective against iteration, for all optimizers, on one data set in one setting. */
export type Panel = Recorded<typeof panelSchema>;

const figureSchema = z.strictObject({
  number: z.literal([1, 2, 3, 4, 5]),
  panels: z.array(z.strictObject({ dataset: name, ...panelFields })),
});

/** One figure: a setting and its panels, in the order of the data sets. */
export type FigureRecord = Recorded<typeof figureSchema>;

const beyondSchema = z.strictObject({
  arena: name,
  optimizer: name,
  /** Mean over seeds at the horizon and at twice the horizon; NaN if a rollout was not finite there. */
  atHorizon: anyNumber,
  atTwice: anyNumber,
  nonFinite: count,
  aboveStart: count,
});

/** Beyond the horizon of meta-training: one optimizer in one arena. */
export type BeyondRecord = Recorded<typeof beyondSchema>;

const datasetId = z.enum(['faces', 'cifar-10', 'cifar-100', 'fashion-mnist']);

/** What `li-malik.json` holds. */
export const liMalikRecordSchema = z
  .strictObject({
    kind: z.literal('li-malik-figures'),
    facts: z.strictObject({ ...runFields, seeds: z.int().check(z.positive()), engine: text }),
    /** The data sets that were raced on. */
    datasets: z.array(
      z.strictObject({ id: datasetId, title: name, inPaper: z.boolean(), examples: count, classes: count }),
    ),
    /** Those that could not be loaded, and what to do about it. */
    missing: z.array(z.strictObject({ id: datasetId, message: text })),
    tuning: z.array(tuningRecordSchema).check(z.minLength(1, 'expected at least one baseline')),
    /** Fresh starts of the objective that everything was trained and tuned on. */
    training: panelSchema,
    figures: z.array(figureSchema),
    /** The learned optimizers at twice the horizon of meta-training, in every arena. */
    beyond: z.array(beyondSchema),
  })
  .check(
    rule(function* ({ facts: { seeds }, training, figures }) {
      const optimizers = training.entries.map(({ optimizer }) => optimizer);
      if (new Set(optimizers).size < optimizers.length)
        yield { path: ['training', 'entries'], message: 'holds an optimizer twice' };
      yield* brokenRules(training, ['training'], seeds, optimizers);
      for (const [f, { panels }] of figures.entries())
        for (const [p, panel] of panels.entries())
          yield* brokenRules(panel, ['figures', f, 'panels', p], seeds, optimizers);
    }),
  );

/** All optimizers are in all panels, in one order, each with as many values as there are seeds and iterations. */
function* brokenRules(
  { steps, entries }: Panel,
  path: PropertyKey[],
  seeds: number,
  optimizers: readonly string[],
) {
  if (steps.some((step, i) => i > 0 && step <= (steps[i - 1] as number)))
    yield { path: [...path, 'steps'], message: 'must increase' };
  if (entries.map(({ optimizer }) => optimizer).join('\n') !== optimizers.join('\n'))
    yield {
      path: [...path, 'entries'],
      message: 'must hold the optimizers of "training", in the same order',
    };
  for (const [i, entry] of entries.entries()) {
    for (const field of ['mean', 'standardError', 'count'] as const)
      yield* wrongLength(
        [...path, 'entries', i, field],
        entry[field],
        steps.length,
        'one per iteration in "steps"',
      );
    for (const field of ['finals', 'means'] as const)
      yield* wrongLength([...path, 'entries', i, field], entry[field], seeds, 'one per seed');
  }
}

/**
 * Everything that a run found out: the report, the terminal and the tables for the documentation are
 * functions of it.
 */
export type LiMalikRecord = Recorded<typeof liMalikRecordSchema>;
