import { afterAll, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import type { Entrant } from '@metadescent/evaluation';
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

/** The rule that an entrant's weights say they are of. */
function ruleOf({ specification }: Entrant): unknown {
  return JSON.parse(specification.weights!.metadata['rule']!);
}

test('learned optimizers come first, with the shipped weights; a baseline without settings cannot take part', () => {
  const entrants = lineup(tuned);
  expect(entrants.filter((entrant) => entrant.class !== 'learned').map(({ label }) => label)).toEqual([
    'sgd',
  ]);
  const shipped = entrants.slice(0, 4);
  expect(shipped.map(({ label, specification: { name } }) => [label, name])).toEqual([
    ['PSD', 'psd'],
    ['PSD-N', 'psd-normalised'],
    ['PSD+', 'psd-plus'],
    ['L2LBGDBGD', 'l2l-48'],
  ]);
  expect(shipped.map(ruleOf)).toEqual([
    ...(['psd', 'psd-normalised', 'psd-plus'] as const).map((name) => pretrainedPsd(name).weights.rule),
    pretrained('l2l-48').rule,
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
  expect(ruleOf(entrants.find(({ label }) => label === 'PSD+')!)).toEqual(weights.rule);
});

test('weights of a file take the place of the shipped ones', () => {
  const rule = lstmRuleSchema.parse({ hidden: 2, layers: 1 });
  const weights = initialWeights(rule, createKey(4));
  const path = join(folder, 'weights.safetensors');
  writeFileSync(path, writeTrainedRule(rule, weights, {}));
  const found = lineup(tuned, learnedEntrants([`l2lbgdbgd=${path}`])).find(
    ({ label }) => label === 'L2LBGDBGD',
  )!;
  expect(ruleOf(found)).toEqual(rule);
  expect([...found.specification.weights!.tensors['weights']!.data]).toEqual([...weights]);
});

test.each([
  ['adam=x', /one of .*L2LBGDBGD.*"adam=x"/],
  ['L2LBGDBGD', /<optimizer>=<file>/],
  ['L2LBGDBGD=no/such/file', /cannot read the weights no\/such\/file \(ENOENT\)/],
])('--weights %s is refused', (text, message) => {
  expect(() => learnedEntrants([text])).toThrow(message);
});
