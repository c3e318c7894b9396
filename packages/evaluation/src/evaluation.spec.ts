import { describe, expect, test } from '@jest/globals';
import {
  createKey,
  inlineTasks,
  optimizerRegistry,
  rollout,
  scaled,
  schedule,
  UserError,
  type OptimizerEntry,
} from '@metadescent/core';
import { handMadeOptimizers, sgd } from '@metadescent/optimizers';
import {
  countOutcomes,
  entrantNamed,
  race,
  ratiosToBest,
  runRaceTask,
  scoreOf,
  tuneEntrant,
  type Entrant,
  type RaceTask,
} from './index.js';
import { bowls } from './testing/bowls.js';

/** Stands for a learned rule: half of the way to the minimum, whatever the options of others. */
const halfway: OptimizerEntry = {
  name: 'halfway',
  class: 'learned',
  create: () => ({ ...sgd({ learningRate: 0.5 }), name: 'halfway' }),
};
const registry = optimizerRegistry([...Object.values(handMadeOptimizers), halfway]);
const problem = { registry, engine: () => undefined, family: () => bowls };
const map = inlineTasks({ race: (task: RaceTask) => runRaceTask(problem, task) });
const horizon = 12;
const keys = createKey(3).split(6);
const common = { family: 'bowls', keys, horizon, map };

test('a race is one rollout for each key, with optimizee, start and mini-batches shared by all entrants', async () => {
  const entrants = ['sgd', 'adam+linear', 'halfway'].map((name) => entrantNamed(registry, name, horizon));
  const columns = await race({ ...common, entrants });
  expect(columns.map(({ entrant }) => entrant.label)).toEqual(['sgd', 'adam+linear', 'halfway']);
  for (const { results } of columns) {
    expect(countOutcomes(results)).toEqual({ finished: 6, 'non-finite': 0, diverged: 0 });
    results.forEach(({ trueObjectives }, i) =>
      expect(trueObjectives[0]).toBe(columns[0]!.results[i]!.trueObjectives[0]),
    );
  }
  const linear = scaled(
    handMadeOptimizers.adam.create({ name: 'adam' }, () => undefined),
    schedule({ kind: 'linear', steps: horizon }),
  );
  const alone = rollout(bowls.sample(keys[2]!.fold('optimizee')), linear, {
    horizon,
    key: keys[2]!.fold('rollout'),
    trueObjectiveEvery: 1,
  });
  expect(columns[1]!.results[2]!.trueObjectives).toEqual(alone.trueObjectives);
});

test('tuning finds a rate that its neighbours do not beat, and under a schedule a higher one', async () => {
  const tuned = async (name: string) => {
    const { entrant, report } = await tuneEntrant(
      entrantNamed(registry, name, horizon),
      handMadeOptimizers.sgd.searched,
      { ...common, family: 'validation' },
    );
    expect(report.optimizer).toBe(name);
    expect(report.best!.options).toEqual(entrant!.specification.options);
    return entrant!;
  };
  const [plain, linear] = [await tuned('sgd'), await tuned('sgd+linear')];
  const rate = ({ specification }: Entrant) =>
    (specification.options as { learningRate: number }).learningRate;
  expect(rate(linear)).toBeGreaterThan(rate(plain));
  expect(linear.specification.schedule).toEqual({ kind: 'linear', steps: horizon });
  // What was tuned is no worse than a rate beside it, on the keys that it was tuned on.
  const beside = { ...plain, specification: { name: 'sgd', options: { learningRate: rate(plain) * 1.5 } } };
  const [best, other] = await race({ ...common, entrants: [plain, beside] });
  const sum = (column: typeof best) => column!.results.reduce((total, result) => total + scoreOf(result), 0);
  expect(sum(best)).toBeLessThan(sum(other));
});

describe('the ratio to the best', () => {
  const column = (label: string, rank: Entrant['class'], finals: number[]) => ({
    entrant: { label, class: rank, specification: { name: label } },
    results: finals.map((final) => ({
      outcome:
        final === Infinity
          ? ({ kind: 'non-finite', step: 1, what: 'step' } as const)
          : ({ kind: 'finished' } as const),
      trueObjectives: Float64Array.of(1, final),
      meanObjective: final,
    })),
  });
  const learned = column('l', 'learned', [1, 2, 3]);

  test('is to the best of the counted classes, and says which class that is', () => {
    const old = column('old', 'papers', [4, 4, 4]);
    const now = column('now', 'today', [3, 4, 5 - 1.5]);
    const lines = column('lines', 'line-search', [0, 0, 0.1]);
    const [against] = ratiosToBest([learned, old, lines, now]);
    expect(against).toMatchObject({ learned: 'l', bestBaseline: 'now', bestOf: 'today' });
    expect(against!.ratio).toBeCloseTo(2 / 3.5, 12);
    expect(ratiosToBest([learned, old, lines])[0]).toMatchObject({ bestBaseline: 'old', bestOf: 'papers' });
    expect(ratiosToBest([learned, lines], ['line-search'])[0]).toMatchObject({ bestBaseline: 'lines' });
  });

  test('there is one for each learned rule, and none without a baseline', () => {
    const second = column('m', 'learned', [2, 4, 6]);
    const ratios = ratiosToBest([learned, second, column('old', 'papers', [4, 4, 4])]);
    expect(ratios.map(({ learned: name, ratio }) => [name, ratio])).toEqual([
      ['l', 0.5],
      ['m', 1],
    ]);
    expect(ratiosToBest([learned])).toEqual([]);
  });

  test('is NaN where either did not finish everywhere', () => {
    const lost = column('lost', 'learned', [1, Infinity, 1]);
    const [first] = ratiosToBest([lost, column('old', 'papers', [4, 4, 4])]);
    expect(first!.ratio).toBeNaN();
    expect(ratiosToBest([learned, column('old', 'papers', [4, Infinity, 4])])[0]!.ratio).toBeNaN();
  });
});

describe('what names no entrant is refused', () => {
  test.each([
    ['', /no optimizer ""; choose one of sgd, /],
    ['constructor', /no optimizer "constructor"/],
    ['adam+', /no schedule ""; write adam\+linear or adam\+cosine/],
    ['adam+step', /no schedule "step"/],
    ['adam+linear+cosine', /no schedule "linear\+cosine"/],
    ['lbfgs+linear', /lbfgs finds the length of its steps by line searches/],
  ])('%j', (text, message) => {
    expect(() => entrantNamed(registry, text, horizon)).toThrow(UserError);
    expect(() => entrantNamed(registry, text, horizon)).toThrow(message);
  });
});
