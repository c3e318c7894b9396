import { beforeAll, describe, expect, test } from '@jest/globals';
import { adam, sgd } from '@metadescent/optimizers';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { LearnedOptimizer } from './learned-optimizer.js';
import { pretrained, registerRule, ruleNames } from './rule-registry.js';
import type { RuleReference } from './rule-reference.js';
import { useCpu } from './testing/cpu-backend.js';
import { regression, trace } from './testing/parity.js';
import { smallData, smallModel } from './testing/small-model.js';

beforeAll(useCpu);
await Promise.all(['psd', 'psd-normalised', 'psd-plus'].map((name) => pretrained(name)));

const loss = 'categoricalCrossentropy';

async function fit(model: LayersModel, epochs: number): Promise<void> {
  const { x, y } = smallData();
  await model.fit(x, y, { epochs, batchSize: 12, verbose: 0, shuffle: false });
}

async function saved(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let kept: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      kept = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
    { includeOptimizer: true },
  );
  return kept as tf.io.ModelArtifacts;
}

const flat = (model: LayersModel): number[] => model.getWeights().flatMap((w) => [...w.dataSync()]);

const references: readonly (readonly [string, RuleReference])[] = [
  ...ruleNames().map((name) => [name, name] as const),
  ['adam with options', { name: 'adam', options: { learningRate: 0.05 } }],
];

describe('a model saved with its optimizer and loaded goes on as if it had not stopped', () => {
  test.each(references)('%s', async (_, rule) => {
    const whole = smallModel();
    whole.compile({
      optimizer: new LearnedOptimizer(rule, { guard: true, onMessage: () => undefined }),
      loss,
    });
    await fit(whole, 6);

    const half = smallModel();
    half.compile({
      optimizer: new LearnedOptimizer(rule, { guard: true, onMessage: () => undefined }),
      loss,
    });
    await fit(half, 3);
    const resumed = await loadLayersModel(tf.io.fromMemory(await saved(half)));
    expect(resumed.optimizer).toBeInstanceOf(LearnedOptimizer);
    expect(resumed.optimizer.iterations).toBe(6);
    await fit(resumed, 3);
    expect(flat(resumed)).toEqual(flat(whole));
    expect(flat(resumed)).not.toEqual(flat(half));
  });

  test('also when it is saved again before its first step', async () => {
    const model = smallModel();
    model.compile({ optimizer: new LearnedOptimizer('adam'), loss });
    await fit(model, 2);
    const once = await loadLayersModel(tf.io.fromMemory(await saved(model)));
    const twice = await loadLayersModel(tf.io.fromMemory(await saved(once)));
    await fit(model, 2);
    await fit(twice, 2);
    expect(flat(twice)).toEqual(flat(model));
  });

  test('also when it has never taken a step', async () => {
    const model = smallModel();
    model.compile({ optimizer: new LearnedOptimizer('l2l-mnist', { guard: true }), loss });
    const loaded = await loadLayersModel(tf.io.fromMemory(await saved(model)));
    await fit(model, 2);
    await fit(loaded, 2);
    expect(flat(loaded)).toEqual(flat(model));
  });

  test('also with a rule of the user’s own, by its name', async () => {
    registerRule('my-rule', { create: () => adam({ learningRate: 0.03 }) });
    const model = smallModel();
    model.compile({ optimizer: new LearnedOptimizer('my-rule'), loss });
    await fit(model, 1);
    const loaded = await loadLayersModel(tf.io.fromMemory(await saved(model)));
    await fit(model, 1);
    await fit(loaded, 1);
    expect(flat(loaded)).toEqual(flat(model));
  });
});

describe('variables that come and go around saving', () => {
  const resume = async (
    slots: 'joint' | 'per-variable',
    lists: readonly (readonly number[])[],
    savedAfter: number,
  ): Promise<Float32Array[]> => {
    const run = async (name: string, interrupted: boolean): Promise<Float32Array> => {
      const { variables, loss: f } = regression(`${name}-${slots}-${lists.join('|')}`);
      let optimizer = new LearnedOptimizer(adam({ learningRate: 0.05 }), { slots });
      for (const [i, list] of lists.entries()) {
        if (interrupted && i === savedAfter) {
          const weights = await optimizer.getWeights();
          optimizer = new LearnedOptimizer(adam({ learningRate: 0.05 }), { slots });
          await optimizer.setWeights(weights);
        }
        optimizer.minimize(
          f,
          false,
          list.map((at) => variables[at] as tf.Variable),
        );
      }
      return Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
    };
    return [await run('whole', false), await run('halves', true)];
  };

  test.each(['joint', 'per-variable'] as const)(
    '%s: one that rested while the optimizer was saved goes on where it was',
    async (slots) => {
      const [whole, halves] = await resume(
        slots,
        [
          [0, 1, 2],
          [0, 1, 2],
          [0, 2],
          [0, 2],
          [0, 1, 2],
        ],
        3,
      );
      expect(halves).toEqual(whole);
    },
  );

  test.each(['joint', 'per-variable'] as const)(
    '%s: another order after loading mixes nothing up',
    async (slots) => {
      const [whole, halves] = await resume(
        slots,
        [
          [0, 1, 2],
          [0, 1, 2],
          [2, 0, 1],
          [1, 2, 0],
        ],
        2,
      );
      expect(halves).toEqual(whole);
    },
  );
});

test('secant pairs are not taken over to variables in another order, though they are equally many', () => {
  const run = (reordered: boolean): Float32Array => {
    const { variables, loss: f } = regression(`reordered-${reordered}`);
    const [w, b, s] = variables as [tf.Variable, tf.Variable, tf.Variable];
    const optimizer = new LearnedOptimizer('lbfgs');
    for (let i = 0; i < 3; i++) optimizer.minimize(f, false, [w, b, s]);
    // Afresh, as it is for other variables: the first step is one of steepest descent, in whatever order.
    (reordered ? optimizer : new LearnedOptimizer('lbfgs')).minimize(f, false, [s, b, w]);
    return Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
  };
  expect(run(true)).toBeAllClose(run(false), { rtol: 1e-6, atol: 1e-6 });
});

describe('what cannot be restored is refused in one sentence', () => {
  test('a rule given as an object cannot be saved with a model', async () => {
    const model = smallModel();
    model.compile({ optimizer: new LearnedOptimizer(adam({ learningRate: 0.1 })), loss });
    await expect(saved(model)).rejects.toThrow('was given as an object');
  });

  test('state of another rule', async () => {
    const { variables, loss: f } = regression('architecture');
    const optimizer = new LearnedOptimizer(adam());
    optimizer.minimize(f, false, variables);
    await expect(new LearnedOptimizer('l2l-mnist').setWeights(await optimizer.getWeights())).rejects.toThrow(
      'of the rule "adam"',
    );
  });

  test('weights of the same name for another architecture of rule', async () => {
    const { variables, loss: f } = regression('shape-of-rule');
    const small = { ...adam(), name: 'mine' };
    const large = { ...sgd(), name: 'mine', init: () => ({ memory: new Float32Array(7) }) };
    const optimizer = new LearnedOptimizer(small);
    optimizer.minimize(f, false, variables);
    const other = new LearnedOptimizer(large);
    await other.setWeights(await optimizer.getWeights());
    expect(() => other.minimize(f, false, variables)).toThrow(
      /of another rule than "mine".*memory Float32Array\[7\] is needed/,
    );
  });

  const stateful = ruleNames().filter((name) => name !== 'sgd');
  test.each(stateful)('state of %s that is not finite', async (name) => {
    const { variables, loss: f } = regression(`diverged-${name}`);
    const [optimizer, other] = [new LearnedOptimizer(name), new LearnedOptimizer(name)];
    optimizer.minimize(f, false, variables);
    const weights = await optimizer.getWeights();
    const damaged = weights.map((weight) =>
      weight.tensor.dtype === 'float32' ? { ...weight, tensor: tf.fill(weight.tensor.shape, NaN) } : weight,
    );
    await other.setWeights(damaged);
    const before = variables.map((variable) => [...variable.dataSync()]);
    expect(() => other.minimize(f, false, variables)).toThrow(/the saved state of .* is not finite/);
    expect(variables.map((variable) => [...variable.dataSync()])).toEqual(before);
  });

  test('parameters of a guard that are not finite, or not as many', async () => {
    const { variables, loss: f } = regression('kept');
    const make = () => new LearnedOptimizer('sgd', { guard: true });
    const optimizer = make();
    optimizer.minimize(f, false, variables);
    const weights = await optimizer.getWeights();
    for (const kept of [(size: number) => tf.fill([size], NaN), (size: number) => tf.ones([size + 1])]) {
      const other = make();
      await other.setWeights(
        weights.map((weight) =>
          weight.name.startsWith('guard/') ? { ...weight, tensor: kept(weight.tensor.size) } : weight,
        ),
      );
      expect(() => other.minimize(f, false, variables)).toThrow(
        /the parameters that the guard kept of ".*" must be \d+ finite numbers/,
      );
    }
  });

  test('arrays of half a number, and no list at all', async () => {
    const { variables, loss: f } = regression('halves');
    const optimizer = new LearnedOptimizer('adam');
    optimizer.minimize(f, false, variables);
    const [iterations, header, ...arrays] = await optimizer.getWeights();
    const text = String((await header!.tensor.data())[0]).replaceAll('Uint32Array', 'Float64Array');
    const changed = [iterations!, { ...header!, tensor: tf.tensor1d([text], 'string') }, ...arrays];
    await expect(new LearnedOptimizer('adam').setWeights(changed)).rejects.toThrow(
      /4 bytes for the Float64Array "count"/,
    );
    await expect(
      new LearnedOptimizer('adam').setWeights(undefined as unknown as typeof changed),
    ).rejects.toThrow('no list of weights');
  });

  test('weights of an optimizer that is not ours', async () => {
    const { variables, loss: f } = regression('foreign');
    const theirs = tf.train.adam(0.01);
    theirs.minimize(f, false, variables);
    await expect(new LearnedOptimizer(adam()).setWeights(await theirs.getWeights())).rejects.toThrow(
      'not saved by a LearnedOptimizer',
    );
  });

  test('an unknown variable after loading, unless it is let in', async () => {
    const { variables, loss: f } = regression('unknown');
    const optimizer = new LearnedOptimizer(adam());
    trace(optimizer, { variables: variables.slice(0, 2), loss: f }, 2);
    const weights = await optimizer.getWeights();
    const strict = new LearnedOptimizer(adam());
    await strict.setWeights(weights);
    expect(() => strict.minimize(f, false, variables)).toThrow(
      /knows nothing of "unknown\/scale" \[\].*unknownVariables/,
    );
    const open = new LearnedOptimizer(adam(), { unknownVariables: 'fresh' });
    await open.setWeights(weights);
    open.minimize(f, false, variables);
    expect(open.iterations).toBe(3);
  });

  test('a variable of another shape after loading', async () => {
    const model = (units: number) =>
      sequential({
        layers: [
          layers.dense({ units, inputShape: [4], name: 'same' }),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
    const [narrow, wide] = [model(5), model(6)];
    for (const each of [narrow, wide]) each.compile({ optimizer: new LearnedOptimizer('adam'), loss });
    await fit(narrow, 1);
    await wide.optimizer.setWeights(await narrow.optimizer.getWeights());
    await expect(fit(wide, 1)).rejects.toThrow(
      /knows nothing of "same\/kernel_1" \[4,6\].*it was saved for "same\/kernel" \[4,5\].*Load the model that was saved with it/,
    );
  });

  test('a variable of the same name and another shape after loading', async () => {
    const [optimizer, other] = [new LearnedOptimizer('adam'), new LearnedOptimizer('adam')];
    const square = (v: tf.Variable) => () => tf.sum(tf.square(v)) as tf.Scalar;
    const small = tf.variable(tf.ones([4, 5]), true, 'reshaped');
    optimizer.minimize(square(small), false, [small]);
    await other.setWeights(await optimizer.getWeights());
    small.dispose();
    const large = tf.variable(tf.ones([4, 6]), true, 'reshaped');
    const step = () => other.minimize(square(large), false, [large]);
    expect(step).toThrow(
      'variable "reshaped" has shape [4,6], but was saved with [4,5]; load the model that was saved with this optimizer',
    );
    // It stays refused: the saved state is not quietly forgotten.
    expect(step).toThrow('variable "reshaped"');
  });

  test('models without trainable weights, names of no rule, variables that are not float32', async () => {
    const frozen = smallModel();
    frozen.trainable = false;
    frozen.compile({ optimizer: new LearnedOptimizer('adam'), loss });
    await expect(fit(frozen, 1)).rejects.toThrow('there is nothing to train');
    expect(() => new LearnedOptimizer('l2l-minst')).toThrow(
      /there is no rule "l2l-minst"; choose one of .*l2l-mnist/,
    );
    expect(() => new LearnedOptimizer({ name: 'adam', options: { learningRate: -1 } })).toThrow(
      /learningRate/,
    );
    const whole = tf.variable(tf.tensor1d([1, 2], 'int32'));
    expect(() =>
      new LearnedOptimizer('adam').minimize(() => tf.sum(tf.cast(whole, 'float32')), false, [whole]),
    ).toThrow('must be float32');
  });
});
