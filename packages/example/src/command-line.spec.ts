import { expect, jest, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { createCommandLine } from './command-line.js';
import { experimentNamed, experiments, presetOf } from './experiments/registry.js';

const here = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const manifest = fileURLToPath(new URL('../package.json', import.meta.url));
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
  [
    ['train', 'andrychowicz/none'],
    /^there is no experiment "andrychowicz\/none"; `npx metadescent list` shows what there is$/,
  ],
  [['train', 'andrychowicz/mnist-relu'], /run `npx metadescent train andrychowicz\/mnist`/],
  [['train', 'andrychowicz/mnist', '--seed', '-1'], /--seed.*integer of at least 0/],
  [['train', 'andrychowicz/mnist', '--preset', 'huge'], /quick, paper/],
  [
    ['evaluate', 'andrychowicz/mnist', '--weights', 'no/such.safetensors'],
    /cannot read the weights .* \(ENOENT\)/,
  ],
  [['evaluate', 'andrychowicz/mnist', '--seeds', '1'], /at least 2/],
  [
    ['evaluate', 'andrychowicz/mnist', '--data', 'no/such/folder'],
    /--data must name a folder, but no\/such\/folder does not exist/,
  ],
  [['evaluate', 'andrychowicz/quadratics', '--data', '.'], /needs no data; leave --data out/],
  [
    ['evaluate', 'andrychowicz/quadratcs'],
    /no experiment "andrychowicz\/quadratcs"; did you mean andrychowicz\/quadratics\?/,
  ],
  [['train', 'pendulum'], /did you mean control\/pendulum\?/],
  [
    ['evaluate', 'li-malik/psd'],
    /li-malik\/psd is a training of Predicted Step Descent; .*`npx metadescent train li-malik\/psd`, `npx metadescent run li-malik`/,
  ],
  [
    ['train', 'li-malik/figure-1'],
    /is a figure of Li & Malik 2017; .*`npx metadescent run li-malik\/figure-1`/,
  ],
  [['run', 'andrychowicz/mnist'], /`npx metadescent evaluate andrychowicz\/mnist`/],
  [['evaluate', 'andrychowicz/mnist', '--weights', manifest], /package\.json is no safetensors file: /],
  [['run', 'li-malik', '--weights', `PSD=${manifest}`], /package\.json is no safetensors file: /],
  [['run', 'li-malik', '--data', 'no/such/folder'], /--data must name a folder/],
  [['run', 'li-malik', '--weights', 'PSD=a', 'psd=b'], /names psd twice/],
  [['run', 'li-malik/figure-6'], /nothing to run called "li-malik\/figure-6"/],
  [['run', 'li-malik', '--settings', '7'], /--settings must list numbers among 1, 2, 3, 4, 5/],
  [['run', 'li-malik', '--weights', 'adam=x'], /--weights must be <optimizer>=<file>/],
  [['report', 'no/such/run'], /no\/such\/run does not exist; give a folder that/],
  [['report', here], /src holds neither a training run nor results.json/],
])('%j is refused as the user’s to mend', async (words, message) => {
  await expect(parse(...words)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(message),
  });
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
  const published = Object.fromEntries(
    experiments.flatMap(({ name, publishedRatio }) =>
      publishedRatio === undefined ? [] : [[name, publishedRatio]],
    ),
  );
  expect(published).toEqual({
    'andrychowicz/quadratics': 0.757,
    'andrychowicz/mnist': 0.757,
    'andrychowicz/mnist-200-steps': 0.853,
    'andrychowicz/mnist-40-units': 0.642,
    'andrychowicz/mnist-two-layers': 0.462,
    'andrychowicz/mnist-relu': 7.4,
  });
});
