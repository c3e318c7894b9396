import { expect, test } from '@jest/globals';
import { createKey, UserError } from '@metadescent/core';
import { optimizerConformance } from '@metadescent/core/conformance';
import { LearnedOptimizer } from './learned-optimizer.js';
import { pretrained, registerRule, ruleNamed, ruleNames, type RuleEntry } from './rule-registry.js';

const rule = { name: 'mine', init: () => ({}), update: () => undefined };

test('hand-made rules, shipped weights and rules of other packages have names', () => {
  expect(ruleNames()).toEqual(
    expect.arrayContaining([
      'sgd',
      'adam',
      'lbfgs',
      'l2l-mnist',
      'l2l-quadratics',
      'l2l-48',
      'psd',
      'psd-normalised',
      'psd-plus',
    ]),
  );
});

test('shipped weights load by name, without a path', async () => {
  expect((await pretrained('l2l-mnist')).name).toBe('lstm');
  await expect(pretrained('l2l-cifar')).rejects.toThrow(/no rule "l2l-cifar"; choose one of .*l2l-mnist/);
});

test('a rule in a package of its own is loaded first, and named afterwards', async () => {
  expect(() => new LearnedOptimizer('psd')).toThrow("await pretrained('psd')");
  expect((await pretrained('psd')).name).toBe('predicted step descent');
  expect(new LearnedOptimizer('psd').rule.name).toBe('predicted step descent');
});

test.each([
  ['l2l-mnist', 100],
  ['l2l-quadratics', 100],
  ['l2l-48', 400],
  ['psd', 400],
  ['psd-normalised', 400],
  ['psd-plus', 400],
  ['adam', undefined],
])('the guard knows for how many steps %s was trained', async (name, horizon) => {
  await pretrained(name);
  expect(ruleNamed(name).horizon).toBe(horizon);
});

test.each([
  ['no name', '', { create: () => rule }, 'registerRule: the name must be a text, but is empty'],
  ['a name that is no text', 5, { create: () => rule }, 'registerRule: the name must be a text, but is 5'],
  [
    'a function in place of an entry',
    'mine',
    () => rule,
    'registerRule: the entry of "mine" must have "create", but is a function',
  ],
  [
    'an entry without `create`',
    'mine',
    { slots: 'joint' },
    'but has no "create"; pass { create: () => rule }',
  ],
])('%s is refused where it is given', (_, name, entry, message) => {
  expect(() => registerRule(name as string, entry as RuleEntry)).toThrow(UserError);
  expect(() => registerRule(name as string, entry as RuleEntry)).toThrow(message);
  expect(ruleNames()).not.toContain(name);
});

test('a name can be given, and given again', () => {
  const rule = (name: string) => ({ name, init: () => ({}), update: () => undefined });
  registerRule('own', { create: () => rule('first') });
  registerRule('own', { create: () => rule('second') });
  expect(new LearnedOptimizer('own').rule.name).toBe('second');
  expect(() => new LearnedOptimizer({ name: 'adam', options: { rate: 1 } })).toThrow(UserError);
});

for (const check of optimizerConformance(() => new LearnedOptimizer('l2l-quadratics').rule, {
  descends: false,
  seed: createKey(1).bits(),
})) {
  test(`l2l-quadratics: ${check.name}`, check.run);
}
