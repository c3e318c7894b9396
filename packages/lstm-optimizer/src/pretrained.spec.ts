import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readTrainedRule } from './checkpoint.js';
import { pretrained, pretrainedNames, type PretrainedName } from './pretrained.js';

const folder = new URL('../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
  exports: Record<string, unknown>;
};

test('five rules ship', () => {
  expect([...pretrainedNames].sort()).toEqual([
    'l2l-48',
    'mnist',
    'mnist-nominal',
    'mnist-random-orientation',
    'quadratics',
  ]);
  expect(() => pretrained('adam' as PretrainedName)).toThrow(
    'there are no shipped weights "adam"; choose one of',
  );
});

test.each(pretrainedNames)('%s is the file in pretrained/, and has an entry of its own', async (name) => {
  const file = readTrainedRule(readFileSync(new URL(`pretrained/${name}.safetensors`, folder)));
  expect(pretrained(name)).toEqual(file);
  expect(manifest.exports[`./pretrained/${name}`]).toMatchObject({
    default: `./dist/pretrained/${name}.gen.js`,
  });
  const entry = (await import(`./pretrained/${name}.gen.js`)) as { pretrained(): unknown };
  expect(entry.pretrained()).toEqual(file);
});
