import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { adam } from '@metadescent/optimizers';
import { LearnedOptimizer } from './learned-optimizer.js';
import { counterparts } from './renamed-variables.js';
import { pretrained } from './rule-registry.js';
import { useCpu } from './testing/cpu-backend.js';
import { regression } from './testing/parity.js';
import { smallData } from './testing/small-model.js';

const psd = ['psd', 'psd-normalised', 'psd-plus'];
const joint = ['conjugate-gradient', 'lbfgs', ...psd];
const loss = 'categoricalCrossentropy';

beforeAll(async () => {
  await useCpu();
  await Promise.all(psd.map((name) => pretrained(name)));
});

async function saved(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let kept: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    kept = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, { includeOptimizer: true });
  return kept as tf.io.ModelArtifacts;
}

async function step(model: LayersModel): Promise<void> {
  const { x, y } = smallData();
  tf.dispose(await model.trainOnBatch(x, y));
}

/** Compiles again, as tfjs wants after `trainable` was changed. */
function freeze(model: LayersModel, layer: number, frozen: boolean): void {
  (model.layers[layer] as { trainable: boolean }).trainable = !frozen;
  model.compile({ optimizer: model.optimizer, loss });
}

/** Three dense layers, of equal shapes where `width` is that of the data. */
const stack = (width: number, rule: string): LayersModel => {
  const model = sequential({
    layers: [
      layers.dense({ units: width, inputShape: [4] }),
      layers.dense({ units: width }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: new LearnedOptimizer(rule), loss });
  return model;
};

/** How many arrays the optimizer remembers, by the variable they belong to. */
async function remembered(optimizer: tf.Optimizer): Promise<string[]> {
  return (await optimizer.getWeights()).slice(2).map(({ name }) => name);
}

describe('layers that are thawed and frozen while they are trained', () => {
  test.each([...joint, 'adam', 'l2l-mnist'])('%s goes on', async (rule) => {
    const model = stack(5, rule);
    freeze(model, 0, true);
    await step(model);
    for (const frozen of [false, true, false]) {
      freeze(model, 0, frozen);
      await step(model);
    }
    expect(
      model
        .getWeights()
        .flatMap((w) => [...w.dataSync()])
        .every(Number.isFinite),
    ).toBe(true);
    expect(model.optimizer.iterations).toBe(4);
  });

  test.each(psd)('%s starts afresh on another list of variables, as it does on a new one', (rule) => {
    const run = (thawed: boolean): Float32Array => {
      const { variables, loss: f } = regression(`thawed-${rule}-${thawed}`);
      const [w, b, s] = variables as [tf.Variable, tf.Variable, tf.Variable];
      const before = new LearnedOptimizer(rule);
      before.minimize(f, false, [b, s]);
      (thawed ? before : new LearnedOptimizer(rule)).minimize(f, false, [w, b, s]);
      return Float32Array.from(variables.flatMap((v) => [...v.dataSync()]));
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('a loaded model, one layer of which is frozen before its first step', () => {
  test.each([...joint, 'adam', 'l2l-mnist'])('%s goes on', async (rule) => {
    const model = stack(5, rule);
    await step(model);
    const loaded = await loadLayersModel(tf.io.fromMemory(await saved(model)));
    freeze(loaded, 0, true);
    await step(loaded);
    expect(loaded.optimizer.iterations).toBe(2);
  });

  // Equal shapes: only the names tell which layer is missing.
  test.each(['adam', 'conjugate-gradient'])(
    '%s: what the frozen layer is remembered by waits for it, also while it is saved again',
    async (rule) => {
      const whole = stack(4, rule);
      await step(whole);
      const twin = await loadLayersModel(tf.io.fromMemory(await saved(whole)));
      for (const model of [whole, twin]) {
        freeze(model, 0, true);
        await step(model);
      }
      const again = await loadLayersModel(tf.io.fromMemory(await saved(twin)));
      for (const model of [whole, twin, again]) {
        freeze(model, 0, false);
        await step(model);
      }
      const numbers = (model: LayersModel) => model.getWeights().flatMap((w) => [...w.dataSync()]);
      expect(numbers(twin)).toEqual(numbers(whole));
      expect(numbers(again)).toEqual(numbers(whole));
    },
  );
});

describe('which variable is which', () => {
  const dense = (layer: number, ending = '') => ({
    name: `dense_Dense${layer}/kernel${ending}`,
    shape: [4, 4],
  });

  test('endings that tfjs appends tell layers of equal shapes apart', () => {
    expect(counterparts([dense(1), dense(2), dense(3)], [dense(2, '_1'), dense(3, '_1')])).toEqual(
      new Map([
        [dense(2).name, dense(2, '_1').name],
        [dense(3).name, dense(3, '_1').name],
      ]),
    );
  });

  test('a model made again by the same code is paired in order', () => {
    expect([
      ...counterparts([dense(1), dense(2), dense(3)], [dense(3), dense(4), dense(5)]).values(),
    ]).toEqual([3, 4, 5].map((i) => dense(i).name));
  });

  test('where one of several is missing and the numbers do not say which, none is paired', () => {
    expect(counterparts([dense(1), dense(2), dense(3)], [dense(5), dense(6)])).toEqual(new Map());
  });
});

describe('what belongs to a variable goes with it', () => {
  test.each(['adam', 'l2l-mnist', ...joint])(
    '%s: after a model is disposed, as much is kept as if it had never been',
    async (rule) => {
      const optimizer = new LearnedOptimizer(rule, { guard: true, onMessage: () => undefined });
      const use = async (): Promise<LayersModel> => {
        const model = stack(5, rule);
        model.compile({ optimizer, loss });
        await step(model);
        return model;
      };
      const first = await use();
      const alone = (await remembered(optimizer)).length;
      for (let i = 0, model = first; i < 3; i++) {
        model.dispose();
        model = await use();
      }
      expect(await remembered(optimizer)).toHaveLength(alone);
    },
  );

  test('also what waits, and the parameters that a guard keeps', async () => {
    const { variables, loss: f } = regression('goes');
    const [w, b, s] = variables as [tf.Variable, tf.Variable, tf.Variable];
    const optimizer = new LearnedOptimizer(adam(), { guard: true });
    optimizer.minimize(f, false, [w, b]);
    optimizer.minimize(f, false, [s]);
    expect((await remembered(optimizer)).filter((owner) => owner.includes('bias'))).not.toEqual([]);
    b.dispose();
    expect((await remembered(optimizer)).filter((owner) => owner.includes('bias'))).toEqual([]);
    expect((await remembered(optimizer)).filter((owner) => owner.includes('kernel'))).not.toEqual([]);
  });

  test.each(['per-variable', 'joint'] as const)(
    '%s: another variable of the same name and shape starts afresh',
    (slots) => {
      const bowl = (v: tf.Variable) => () => tf.sum(tf.square(tf.sub(v, 3))) as tf.Scalar;
      const optimizer = new LearnedOptimizer({ name: 'momentum', options: { learningRate: 0.1 } }, { slots });
      const run = (with_: LearnedOptimizer, steps: number): number[] => {
        const v = tf.variable(tf.zeros([2]), true, `again-${slots}`);
        for (let i = 0; i < steps; i++) with_.minimize(bowl(v), false, [v]);
        const values = [...v.dataSync()];
        v.dispose();
        return values;
      };
      run(optimizer, 5);
      expect(run(optimizer, 2)).toEqual(
        run(new LearnedOptimizer({ name: 'momentum', options: { learningRate: 0.1 } }, { slots }), 2),
      );
    },
  );
});
