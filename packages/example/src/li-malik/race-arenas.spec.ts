import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createKey, readSafetensors, rollout } from '@metadescent/core';
import type { Entrant } from '@metadescent/evaluation';
import { typescriptEngine } from '@metadescent/kernels';
import { initialWeights, lstmRuleSchema, writeTrainedRule } from '@metadescent/lstm-optimizer';
import { liMalikFamily } from '@metadescent/optimizees';
import { createBaseline } from '@metadescent/optimizers';
import { initialPsdWeights, psdRuleSchema, weightsToTensors } from '@metadescent/predicted-step-descent';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { raceArenas, type ArenaInput, type RaceOptions } from './race-arenas.js';
import { arenaName, trainingArena, type Arena } from './settings.js';
import { inlineTasks, syntheticDatasets } from './tasks.fixture.js';

const datasets = syntheticDatasets();
const other: Arena = { dataset: 'cifar-10', architecture: '48-48', batchSize: 10 };
const arenas: ArenaInput[] = [
  { arena: trainingArena, classes: 10, data: 'a' },
  { arena: other, classes: 4, data: 'b' },
];
const entrants: Entrant[] = [
  { label: 'adam', class: 'papers', specification: { name: 'adam', options: { learningRate: 0.01 } } },
  { label: 'sgd', class: 'papers', specification: { name: 'sgd', options: { learningRate: 0.3 } } },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function setUp(more: Partial<RaceOptions> = {}) {
  const executor = inlineTasks({ engine: 'typescript', datasets });
  const options: RaceOptions = {
    executor,
    arenas,
    entrants,
    seed: 3,
    seeds: 2,
    engine: 'twin',
    directory: folder,
    steps: 6,
    ...more,
  };
  return { executor, run: () => raceArenas(options) };
}

test('the rollouts are those of the family, the key and the optimizer, with the true objective at every step', async () => {
  const [, result] = await setUp().run();
  const family = liMalikFamily({
    dataset: datasets['cifar-10/48']!,
    hidden: 48,
    batchSize: 10,
    engine: typescriptEngine(),
  });
  const key = createKey(3).fold('li-malik').fold('race').fold(arenaName(other)).fold(1);
  const expected = rollout(
    family.sample(key.fold('optimizee')),
    createBaseline('sgd', { learningRate: 0.3 }),
    { horizon: 6, key: key.fold('rollout'), trueObjectiveEvery: 1 },
  );
  const sgd = result!.columns[1]!;
  expect(sgd.optimizer).toBe('sgd');
  expect(sgd.objectives[1]).toEqual([...expected.trueObjectives]);
  expect(sgd.outcomes).toEqual([{ kind: 'finished' }, { kind: 'finished' }]);
});

test('all optimizers start from the same parameters, each seed from others', async () => {
  for (const { columns } of await setUp().run()) {
    const starts = columns.map(({ objectives }) => objectives.map((curve) => curve[0]));
    expect(starts[1]).toEqual(starts[0]);
    expect(starts[0]![0]).not.toBe(starts[0]![1]);
  }
});

test('finished columns are kept: another optimizer is all that runs again', async () => {
  const first = setUp();
  const results = await first.run();
  expect(first.executor.ran.count).toBe(8);
  const again = setUp();
  expect(await again.run()).toEqual(results);
  expect(again.executor.ran.count).toBe(0);
  const faster = entrants.with(1, {
    ...entrants[1]!,
    specification: { name: 'sgd', options: { learningRate: 0.4 } },
  });
  const changed = setUp({ entrants: faster });
  const [training] = await changed.run();
  expect(changed.executor.ran.count).toBe(4);
  expect(training!.columns[0]).toEqual(results[0]!.columns[0]);
  expect(training!.columns[1]).not.toEqual(results[0]!.columns[1]);
  const moreSeeds = setUp({ seeds: 3 });
  await moreSeeds.run();
  expect(moreSeeds.executor.ran.count).toBe(12);
});

test('an interrupted run goes on where it was, to the same results', async () => {
  const abort = new AbortController();
  const reason = new Error('stop here');
  const stopped = setUp({
    signal: abort.signal,
    onProgress: (done, total) => done > 0.3 * total && abort.abort(reason),
  });
  await expect(stopped.run()).rejects.toBe(reason);
  const resumed = setUp();
  const results = await resumed.run();
  expect(stopped.executor.ran.count).toBeGreaterThan(1);
  expect(resumed.executor.ran.count).toBeLessThan(8);
  rmSync(folder, { recursive: true });
  expect(results).toEqual(await setUp().run());
});

test('progress ends at the whole work', async () => {
  const seen: [number, number][] = [];
  await setUp({ onProgress: (done, total) => seen.push([done, total]) }).run();
  expect(seen).toHaveLength(9);
  expect(seen[0]![0]).toBe(0);
  expect(seen.at(-1)![0]).toBeCloseTo(seen.at(-1)![1], 9);
});

test('learned optimizers run as any other entrant', async () => {
  const rule = lstmRuleSchema.parse({ hidden: 2, layers: 1 });
  const learned: Entrant[] = [
    {
      label: 'L2LBGDBGD',
      class: 'learned',
      specification: {
        name: 'l2l-48',
        weights: readSafetensors(writeTrainedRule(rule, initialWeights(rule, createKey(1)), {})),
      },
    },
    {
      label: 'PSD',
      class: 'learned',
      specification: {
        name: 'psd',
        weights: weightsToTensors(initialPsdWeights(psdRuleSchema.parse({ hidden: 2 }), createKey(5))),
      },
    },
  ];
  const [first] = await setUp({ seeds: 1, steps: 2, arenas: arenas.slice(0, 1), entrants: learned }).run();
  const [l2l, psd] = first!.columns;
  expect(l2l!.objectives[0]![0]).toBe(psd!.objectives[0]![0]);
  expect(new Set([...l2l!.objectives[0]!, ...psd!.objectives[0]!]).size).toBe(5);
  for (const { outcomes } of first!.columns) expect(outcomes).toEqual([{ kind: 'finished' }]);
});

test('a rollout that is not finite is kept as what it is', async () => {
  const wild: Entrant = {
    label: 'sgd',
    class: 'papers',
    specification: { name: 'sgd', options: { learningRate: 1e30 } },
  };
  const [first] = await setUp({ entrants: [wild] }).run();
  const [kept] = await setUp({ entrants: [wild] }).run();
  expect(first!.columns[0]!.outcomes[0]!.kind).toBe('non-finite');
  expect(first!.columns[0]!.objectives[0]!.at(-1)).toBeNaN();
  expect(kept).toEqual(first);
});
