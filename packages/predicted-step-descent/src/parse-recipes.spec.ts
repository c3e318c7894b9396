import { expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { parseFineTuning } from './fine-tuning-recipe.js';
import { parsePsdRecipe } from './meta-training-recipe.js';
import { parsePsdRule } from './psd-rule.js';

test.each<[string, () => unknown, string]>([
  [
    'parsePsdRule',
    () => parsePsdRule({ hidden: 0 }),
    '✖ Too small: expected number to be >=1\n  → at hidden',
  ],
  [
    'parsePsdRecipe',
    () => parsePsdRecipe({ search: { eta: { initial: 0 } } }),
    '✖ Too small: expected number to be >0\n  → at search.eta.initial',
  ],
  [
    'parseFineTuning',
    () => parseFineTuning({ loss: 'best' as 'final-objective' }),
    '✖ Invalid option: expected one of "area-under-curve"|"final-objective"|"linearly-increasing"\n  → at loss',
  ],
])('%s says what is wrong, where', (caller, parse, said) => {
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(`${caller}: invalid options`);
  expect(parse).toThrow(said);
});

test('what is left out has its default, also within nested records', () => {
  expect(parsePsdRule()).toMatchObject({ hidden: 128, inputs: 'psi', nominalRate: 0 });
  expect(parsePsdRecipe({ teacher: { gain: 2 } })).toMatchObject({
    teacher: { gain: 2, momentum: 0.5, exploration: 0.3 },
    search: { eta: { initial: 1 }, step: { rule: 'acceptance' } },
  });
  expect(parseFineTuning()).toMatchObject({ steps: 400, curriculum: [] });
});
