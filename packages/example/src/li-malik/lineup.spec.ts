import { afterAll, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { initialWeights, lstmRuleSchema, pretrained, writeTrainedRule } from '@metadescent/lstm-optimizer';
import {
  initialPsdWeights,
  pretrained as pretrainedPsd,
  psdRuleSchema,
  writeWeights,
} from '@metadescent/predicted-step-descent';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { l2lExperiment } from './l2l-experiment.js';
import { learnedEntrants, lineup } from './lineup.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tuned = [
  { optimizer: 'sgd', options: { learningRate: 0.1 }, record: { optimizer: 'sgd', chosen: {} } },
  { optimizer: 'adam', record: { optimizer: 'adam', chosen: {} } },
] as const;

test('learned optimizers come first, with the shipped weights; a baseline without settings cannot take part', () => {
  const entrants = lineup(tuned);
  expect(entrants.filter(({ kind }) => kind === 'hand-made').map(({ optimizer }) => optimizer)).toEqual([
    'sgd',
  ]);
  expect(entrants.slice(0, 4)).toMatchObject([
    {
      optimizer: 'PSD',
      kind: 'learned',
      specification: { kind: 'psd', weights: { rule: pretrainedPsd('psd').weights.rule } },
    },
    {
      optimizer: 'PSD-N',
      kind: 'learned',
      specification: { kind: 'psd', weights: { rule: pretrainedPsd('psd-normalised').weights.rule } },
    },
    {
      optimizer: 'PSD+',
      kind: 'learned',
      specification: { kind: 'psd', weights: { rule: pretrainedPsd('psd-plus').weights.rule } },
    },
    {
      optimizer: 'L2LBGDBGD',
      kind: 'learned',
      specification: { kind: 'lstm', rule: pretrained('l2l-48').rule },
    },
  ]);
});

test('the shipped comparator is the one that the experiment trains', () => {
  const { rule, provenance } = pretrained('l2l-48');
  expect(rule).toEqual(l2lExperiment.rule);
  expect(JSON.parse(provenance['config']!)).toMatchObject({
    experiment: 'li-malik/l2l',
    problem: l2lExperiment.problem,
  });
});

test('Predicted Step Descent takes weights of a file too', () => {
  const weights = initialPsdWeights(psdRuleSchema.parse({ hidden: 3 }), createKey(5));
  const path = join(folder, 'psd.safetensors');
  writeFileSync(path, writeWeights(weights));
  const entrants = lineup(tuned, learnedEntrants([`PSD+=${path}`]));
  expect(entrants.find(({ optimizer }) => optimizer === 'PSD+')?.specification).toMatchObject({
    kind: 'psd',
    weights: { rule: weights.rule },
  });
});

test('weights of a file take the place of the shipped ones', () => {
  const rule = lstmRuleSchema.parse({ hidden: 2, layers: 1 });
  const weights = initialWeights(rule, createKey(4));
  const path = join(folder, 'weights.safetensors');
  writeFileSync(path, writeTrainedRule(rule, weights, {}));
  const { specification } = lineup(tuned, learnedEntrants([`l2lbgdbgd=${path}`])).find(
    ({ optimizer }) => optimizer === 'L2LBGDBGD',
  )!;
  expect(specification).toMatchObject({ kind: 'lstm', rule });
  expect(specification.kind === 'lstm' && [...specification.weights]).toEqual([...weights]);
});

test.each([
  ['adam=x', /one of .*L2LBGDBGD.*"adam=x"/],
  ['L2LBGDBGD', /<optimizer>=<file>/],
  ['L2LBGDBGD=no/such/file', /cannot read the weights no\/such\/file \(ENOENT\)/],
])('--weights %s is refused', (text, message) => {
  expect(() => learnedEntrants([text])).toThrow(message);
});
