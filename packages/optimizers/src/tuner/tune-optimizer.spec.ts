import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createKey, UserError } from '@metadescent/core';
import type { SearchAxis } from '@metadescent/core';
import type { EvaluateTrials, OptionValues, Trial } from './trial.js';
import { tuneOptimizer, type Tunable } from './tune-optimizer.js';
import { describeTuningOutcome } from './tuning-report.js';

const rate: SearchAxis = { name: 'learningRate', from: 1e-3, to: 1, ratio: 10, minimum: 1e-8, maximum: 1e4 };
const mu: SearchAxis = {
  name: 'momentum',
  scale: 'complement',
  from: 0,
  to: 0.9,
  minimum: 0,
  maximum: 0.999,
};
const one: Tunable = { name: 'one', searched: [rate] };
const two: Tunable = { name: 'two', searched: [{ ...rate, ratio: Math.sqrt(10) }, mu] };

/** Scores trials by a function of their options, plus an offset per task that all candidates share. */
function scoring(score: (options: OptionValues) => number): { evaluate: EvaluateTrials; batches: Trial[][] } {
  const batches: Trial[][] = [];
  return {
    batches,
    evaluate: async (trials) => {
      batches.push([...trials]);
      return trials.map(({ options, taskIndex }) => score(options) + 10 * taskIndex);
    },
  };
}

/** A bowl over ln η with its minimum at `optimum`. */
const bowlAt =
  (optimum: number) =>
  (options: OptionValues): number =>
    Math.log((options['learningRate'] as number) / optimum) ** 2;

describe('one axis', () => {
  test('evaluates the whole grid first, then closes in on the optimum by halving the spacing', async () => {
    const { evaluate, batches } = scoring(bowlAt(0.02));
    const report = await tuneOptimizer(one, evaluate, { tasks: 2, refinements: 2 });
    const first = [0.001, 0.01, 0.1, 1].flatMap((learningRate) =>
      [0, 1].map((taskIndex) => [learningRate, taskIndex]),
    );
    expect(batches[0]?.map(({ options, taskIndex }) => [options['learningRate'], taskIndex])).toEqual(first);
    const refined = report.candidates
      .slice(4)
      .map(({ options, origin, round }) => [options['learningRate'], origin, round]);
    expect(refined).toEqual([
      [0.00316228, 'refinement', 1],
      [0.0316228, 'refinement', 1],
      [0.0177828, 'refinement', 2],
      [0.0562341, 'refinement', 2],
    ]);
    expect(report.best?.options).toEqual({ learningRate: 0.0177828 });
    expect(report.outcome).toEqual({ kind: 'interior' });
  });

  test.each([
    ['above', 700, [], [10, 100, 1000, 10000]],
    ['below', 2e-6, [1e-7, 1e-6, 1e-5, 1e-4], []],
  ])('an optimum %s the grid is followed until it is interior', async (_, optimum, below, above) => {
    const report = await tuneOptimizer(one, scoring(bowlAt(optimum)).evaluate, { tasks: 1, refinements: 0 });
    expect(report.axes).toEqual([
      { name: 'learningRate', initial: [1e-3, 1e-2, 1e-1, 1], extendedBelow: below, extendedAbove: above },
    ]);
    expect(report.outcome).toEqual({ kind: 'interior' });
    expect(report.candidates.slice(4).every(({ origin }) => origin === 'extension')).toBe(true);
  });

  test('an optimum beyond a bound is a named outcome', async () => {
    const high = await tuneOptimizer(one, scoring(bowlAt(1e9)).evaluate, { tasks: 1 });
    expect(high.outcome).toEqual({
      kind: 'at-bound',
      edges: [{ axis: 'learningRate', side: 'upper', value: 1e4 }],
    });
    expect(describeTuningOutcome(high.outcome)).toContain('learningRate = 10000 at the upper end');
    const low = await tuneOptimizer(one, scoring(bowlAt(1e-20)).evaluate, { tasks: 1 });
    expect(low.outcome).toEqual({
      kind: 'at-bound',
      edges: [{ axis: 'learningRate', side: 'lower', value: 1e-8 }],
    });
  });

  test('a bound that is no grid point is approached by the refinement', async () => {
    const bounded: Tunable = { name: 'b', searched: [{ ...rate, maximum: 4 }] };
    const report = await tuneOptimizer(bounded, scoring(bowlAt(100)).evaluate, { tasks: 1, refinements: 1 });
    expect(report.best?.options['learningRate']).toBe(3.16228);
    expect(report.outcome.kind).toBe('at-bound');
  });

  test('a grid of one value grows to both sides', async () => {
    const point: Tunable = { name: 'p', searched: [{ ...rate, from: 1, to: 1 }] };
    const report = await tuneOptimizer(point, scoring(bowlAt(1)).evaluate, { tasks: 1, refinements: 0 });
    expect(report.axes[0]).toMatchObject({ initial: [1], extendedBelow: [0.1], extendedAbove: [10] });
    expect(report.outcome.kind).toBe('interior');
  });

  test('a plateau ends the search at its first value instead of following it', async () => {
    const report = await tuneOptimizer(
      one,
      scoring(({ learningRate }) => Math.max(0.05 - (learningRate as number), 0)).evaluate,
      { tasks: 1 },
    );
    expect(report.best?.options['learningRate']).toBe(0.1);
    expect(report.candidates.length).toBeLessThan(12);
  });
});

describe('divergence', () => {
  test.each([NaN, Infinity, -Infinity])('%p counts as +∞, and is counted', async (value) => {
    const { evaluate } = scoring((options) =>
      (options['learningRate'] as number) > 0.05 ? value : bowlAt(1)(options),
    );
    const report = await tuneOptimizer(one, evaluate, { tasks: 3, refinements: 0 });
    expect(report.best?.options['learningRate']).toBe(0.01);
    expect(report.candidates.filter(({ score }) => score === Infinity)).toHaveLength(2);
    expect(report).toMatchObject({
      trials: 12,
      divergedCandidates: 2,
      divergedTrials: 6,
      outcome: { kind: 'interior' },
    });
  });

  test('one diverged task rules a candidate out', async () => {
    const evaluate: EvaluateTrials = async (trials) =>
      trials.map(({ options, taskIndex }) =>
        options['learningRate'] === 0.1 && taskIndex === 1 ? NaN : bowlAt(0.1)(options),
      );
    const report = await tuneOptimizer(one, evaluate, { tasks: 2, refinements: 0 });
    expect(report.best?.options['learningRate']).not.toBe(0.1);
    const ruledOut = report.candidates.find(({ options }) => options['learningRate'] === 0.1);
    expect(ruledOut).toMatchObject({
      scores: [0, Infinity],
      score: Infinity,
      standardError: NaN,
      diverged: 1,
    });
  });

  test('where all diverge, smaller learning rates are tried', async () => {
    const { evaluate } = scoring((options) =>
      (options['learningRate'] as number) > 2e-6 ? NaN : bowlAt(1)(options),
    );
    const report = await tuneOptimizer(one, evaluate, { tasks: 1, refinements: 0 });
    expect(report.best?.options['learningRate']).toBe(1e-6);
    expect(report.outcome.kind).toBe('interior');
  });

  test('where everything diverges down to the bound, that is the outcome', async () => {
    const report = await tuneOptimizer(one, scoring(() => NaN).evaluate, { tasks: 1 });
    expect(report.outcome).toEqual({ kind: 'all-diverged' });
    expect(report.best).toBeUndefined();
    expect(report.axes[0]?.extendedBelow[0]).toBe(1e-8);
    expect(describeTuningOutcome(report.outcome)).toMatch(/all diverged/);
  });
});

describe('two axes', () => {
  /** A tilted valley in (ln η, ln(1 − μ)). */
  const valley =
    (eta: number, momentum: number) =>
    (options: OptionValues): number => {
      const u = Math.log((options['learningRate'] as number) / eta);
      const v = Math.log((1 - (options['momentum'] as number)) / (1 - momentum));
      return u * u + v * v + 1.5 * u * v;
    };

  test('the grid is their product and grows by whole rows over the edge of the optimum', async () => {
    const { evaluate, batches } = scoring(valley(0.03, 0.968));
    const report = await tuneOptimizer(two, evaluate, { tasks: 1, refinements: 0 });
    expect(batches.map((batch) => batch.length)).toEqual([7 * 3, 7, 7]);
    expect(report.axes[1]).toEqual({
      name: 'momentum',
      initial: [0, 0.683772, 0.9],
      extendedBelow: [],
      extendedAbove: [0.9683772, 0.99],
    });
    expect(report.best?.options['momentum']).toBe(0.9683772);
  });

  test('no neighbour of the optimum at the finest spacing is better, or it lies at a named bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -7, max: 3, noNaN: true }),
        fc.double({ min: -3.5, max: 0.5, noNaN: true }),
        fc.integer({ min: 0, max: 3 }),
        async (logEta, logComplement, refinements) => {
          const score = valley(10 ** logEta, 1 - 10 ** logComplement);
          const report = await tuneOptimizer(two, scoring(score).evaluate, { tasks: 1, refinements });
          const best = report.best?.options as OptionValues;
          const factor = Math.sqrt(10) ** (1 / 2 ** refinements);
          const bounds: string[] = [];
          for (const [i, j] of [
            [-1, 0],
            [1, 0],
            [0, -1],
            [0, 1],
            [-1, -1],
            [1, 1],
            [-1, 1],
            [1, -1],
          ] as const) {
            const learningRate = (best['learningRate'] as number) * factor ** i;
            const momentum = 1 - (1 - (best['momentum'] as number)) * factor ** -j;
            if (learningRate < 0.99e-8 || learningRate > 1.01e4) bounds.push('learningRate');
            else if (momentum < -1e-4 || momentum > 0.99901) bounds.push('momentum');
            else expect(score({ learningRate, momentum })).toBeGreaterThanOrEqual(score(best) - 1e-4);
          }
          const named =
            report.outcome.kind === 'at-bound' ? report.outcome.edges.map(({ axis }) => axis) : [];
          expect(new Set(named)).toEqual(new Set(bounds));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('no setting is tried twice', async () => {
    const report = await tuneOptimizer(two, scoring(valley(3e-5, 0.995)).evaluate, {
      tasks: 1,
      refinements: 3,
    });
    const settings = report.candidates.map(({ options }) => JSON.stringify(options));
    expect(new Set(settings).size).toBe(settings.length);
  });
});

describe('trials', () => {
  test('are plain data with fixed options in them, and carry the name', async () => {
    const { evaluate, batches } = scoring(bowlAt(0.1));
    await tuneOptimizer(one, evaluate, { tasks: 1, fixed: { epsilon: 1e-6 } });
    const trial = batches[0]?.[0] as Trial;
    expect(trial).toEqual({
      optimizer: 'one',
      options: { epsilon: 1e-6, learningRate: 0.001 },
      taskIndex: 0,
    });
    expect(structuredClone(trial)).toEqual(trial);
  });

  test('may be evaluated in any order: the report depends on the scores alone', async () => {
    const { evaluate } = scoring(bowlAt(7));
    const shuffled: EvaluateTrials = async (trials) => {
      const scores = new Array<number>(trials.length);
      for (const at of createKey(trials.length).permutation(trials.length)) {
        await Promise.resolve();
        scores[at] = (await evaluate([trials[at] as Trial]))[0] as number;
      }
      return scores;
    };
    expect(await tuneOptimizer(one, shuffled, { tasks: 3 })).toEqual(
      await tuneOptimizer(one, evaluate, { tasks: 3 }),
    );
  });

  test('the score is the mean over tasks, with its standard error', async () => {
    const report = await tuneOptimizer(one, scoring(() => 1).evaluate, { tasks: 3 });
    expect(report.best).toMatchObject({ scores: [1, 11, 21], score: 11, diverged: 0 });
    expect(report.best?.standardError).toBeCloseTo(10 / Math.sqrt(3), 12);
  });

  test('a wrong number of scores is a defect of evaluate, and named', async () => {
    await expect(tuneOptimizer(one, async () => [1, 2])).rejects.toThrow(/returned 2 for 40 trials/);
  });

  test('bad options are refused before any work', async () => {
    const { evaluate, batches } = scoring(() => 1);
    await expect(tuneOptimizer(one, evaluate, { tasks: 0 })).rejects.toThrow(UserError);
    await expect(tuneOptimizer({ name: 'none', searched: [] }, evaluate)).rejects.toThrow(UserError);
    expect(batches).toHaveLength(0);
  });
});
