import { expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { parseLstmRule } from './lstm-rule.js';
import { parseMetaTraining } from './meta-training-recipe.js';
import { parseReadoutSearch } from './readout-search-recipe.js';

test.each<[string, () => unknown, string]>([
  [
    'parseLstmRule',
    () => parseLstmRule({ hidden: 0 }),
    'parseLstmRule: invalid options {"hidden":0}; correct these:\n✖ Too small: expected number to be >=1\n  → at hidden',
  ],
  [
    'parseLstmRule',
    () => parseLstmRule({ networks: [{ name: 'all', roles: [] }] }),
    '✖ Too small: expected array to have >=1 items\n  → at networks[0].roles',
  ],
  [
    'parseMetaTraining',
    () => parseMetaTraining({ learningRate: NaN }),
    'parseMetaTraining: invalid options {"learningRate":"NaN"}; correct these:\n' +
      '✖ Invalid input: expected number, received NaN\n  → at learningRate',
  ],
  [
    'parseMetaTraining',
    () => parseMetaTraining({ curriculum: [{ fromEpoch: 0, horizon: 1.5, segment: 1 }] }),
    '✖ Invalid input: expected int, received number\n  → at curriculum[0].horizon',
  ],
  [
    'parseReadoutSearch',
    () => parseReadoutSearch({ population: 3, epochs: 2 } as object),
    'parseReadoutSearch: invalid options {"population":3,"epochs":2}; correct these:\n' +
      '✖ Unrecognized key: "epochs"\n✖ Too small: expected number to be >=4\n  → at population',
  ],
])('%s says what is wrong, where', (_, parse, said) => {
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(said);
});

test('what is left out has its default', () => {
  expect(parseLstmRule()).toEqual({
    hidden: 20,
    layers: 2,
    preprocessing: { kind: 'log-sign', p: 10 },
    orientation: 'none',
    outputScale: 0.1,
    networks: [{ name: 'all' }],
  });
  expect(parseMetaTraining({ epochs: 3 })).toMatchObject({
    epochs: 3,
    horizon: 100,
    segment: 20,
    curriculum: [],
  });
  expect(parseReadoutSearch()).toMatchObject({ population: 12, meanWeight: 0.05 });
});
