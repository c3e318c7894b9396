import { expect, jest, test } from '@jest/globals';
import { createCommandLine } from './command-line.js';
import { experimentNamed, experiments, presetOf } from './experiments/registry.js';

const parse = (...words: string[]) => createCommandLine().parseAsync(['node', 'metadescent', ...words]);

test('list prints every experiment', async () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await parse('list');
    const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
    for (const { name } of experiments) expect(text).toContain(name);
  } finally {
    write.mockRestore();
  }
});

test.each([
  [['no-such-command'], /unknown command 'no-such-command'/],
  [['train'], /missing required argument 'experiment'/],
  [['train', 'andrychowicz/none'], /no experiment "andrychowicz\/none"; .* andrychowicz\/quadratics/],
  [['train', 'andrychowicz/mnist-relu'], /run `metadescent train andrychowicz\/mnist`/],
  [['train', 'andrychowicz/mnist', '--seed', '-1'], /--seed.*integer of at least 0/],
  [['train', 'andrychowicz/mnist', '--preset', 'huge'], /quick, paper/],
  [['evaluate', 'andrychowicz/mnist', '--weights', 'no/such.safetensors'], /cannot read the weights .* \(ENOENT\)/],
  [['evaluate', 'andrychowicz/mnist', '--seeds', '1'], /at least 2/],
  [['evaluate', 'andrychowicz/mnist', '--data', 'no/such/folder'], /no\/such\/folder/],
  [['run', 'li-malik/figure-6'], /nothing to run called "li-malik\/figure-6"/],
  [['run', 'li-malik', '--settings', '7'], /--settings must list numbers among 1, 2, 3, 4, 5/],
  [['run', 'li-malik', '--weights', 'adam=x'], /--weights must be <optimizer>=<file>/],
  [['report', 'no/such/run'], /holds neither a training run nor results.json/],
])('%j is refused as the user’s to mend', async (words, message) => {
  await expect(parse(...words)).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
});

test('transfer experiments use the weights of the experiment that they name', () => {
  for (const experiment of experiments) {
    if (!('weightsOf' in experiment.training)) continue;
    const source = experimentNamed(experiment.training.weightsOf);
    expect(source.rule).toEqual(experiment.rule);
    expect(source.pretrained).toBe(experiment.pretrained);
    expect(() => presetOf(experiment, 'quick')).toThrow(/has no training of its own/);
  }
});

test('published ratios are those of the plots of Andrychowicz et al. 2016: the LSTM over the best baseline at the last step', () => {
  const published = Object.fromEntries(experiments.flatMap(({ name, publishedRatio }) => (publishedRatio === undefined ? [] : [[name, publishedRatio]])));
  expect(published).toEqual({
    'andrychowicz/quadratics': 0.757,
    'andrychowicz/mnist': 0.757,
    'andrychowicz/mnist-200-steps': 0.853,
    'andrychowicz/mnist-40-units': 0.642,
    'andrychowicz/mnist-two-layers': 0.462,
    'andrychowicz/mnist-relu': 7.4,
  });
});
