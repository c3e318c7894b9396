import { createKey, rollout, type Key, type Optimizer } from '@metadescent/core';
import { baselineOptimizers, createBaseline, evaluateInline, tuneOptimizer } from '@metadescent/optimizers';
import { familyFromFunction, trainTapeRule, type TapeRule } from '@metadescent/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients of tfjs-core's operations

const [PROBLEMS, SIZE, HORIZON, HELD_OUT] = [32, 6, 40, 10];
const floats = (values: Float64Array) => Float32Array.from(values);
const logCosh = (r: tf.Tensor) => tf.sub(tf.add(tf.abs(r), tf.softplus(tf.mul(tf.abs(r), -2))), Math.LN2);

/** The family: robust regressions Σ log cosh(A x − b) with badly scaled columns, 32 of them side by side. */
const robustRegressions = familyFromFunction(
  (key) => {
    const scale = key.fold('scale').uniform(PROBLEMS * SIZE).map((u) => 10 ** (1.5 * u - 1));
    const entries = key.fold('A').normal(PROBLEMS * 12 * SIZE);
    const A = tf.keep(tf.tensor3d(Float32Array.from(entries, (a, i) => a * (scale[Math.floor(i / (12 * SIZE)) * SIZE + (i % SIZE)] as number)), [PROBLEMS, 12, SIZE]));
    const b = tf.keep(tf.tensor3d(floats(key.fold('b').normal(PROBLEMS * 12)), [PROBLEMS, 12, 1]));
    return {
      init: (start) => ({ x: tf.tensor3d(floats(start.normal(PROBLEMS * SIZE)), [PROBLEMS, SIZE, 1]) }),
      f: ({ x }) => tf.div(tf.sum(logCosh(tf.sub(tf.matMul(A, x as tf.Tensor3D), b))), PROBLEMS) as tf.Scalar,
    };
  },
  { name: 'robust regressions' },
);

/** The rule: two momenta and a second moment per coordinate go through a small network that says how far and which way. */
const smallNetworkRule: TapeRule = {
  name: 'small-network',
  initial: (key) => ({
    'in/kernel': tf.tensor2d(floats(key.fold(0).normal(4 * 12).map((w) => 0.5 * w)), [4, 12]),
    'in/bias': tf.zeros([12]),
    'out/kernel': tf.tensor2d(floats(key.fold(1).normal(12 * 2).map((w) => 0.1 * w)), [12, 2]),
  }),
  memory: { fast: 1, slow: 1, square: 1 },
  update({ 'in/kernel': W = tf.scalar(0), 'in/bias': c = tf.scalar(0), 'out/kernel': V = tf.scalar(0) }, { gradient: g, iteration }, memory) {
    const mix = (decay: number, old: tf.Tensor | undefined, value: tf.Tensor) => tf.add(tf.mul(decay, old as tf.Tensor), tf.mul(1 - decay, value));
    const [fast, slow, square] = [mix(0.5, memory['fast'], g), mix(0.9, memory['slow'], g), mix(0.95, memory['square'], tf.square(g))];
    const size = tf.sqrt(tf.add(tf.div(square, 1 - 0.95 ** (iteration + 1)), 1e-12));
    const time = tf.fill(g.shape, iteration / HORIZON - 0.5);
    const seen = tf.stack([tf.div(g, size), tf.div(fast, size), tf.div(slow, size), time], 1);
    const out = tf.matMul(tf.tanh(tf.add(tf.matMul(seen, W), c)), V);
    const [direction, magnitude] = tf.unstack(out, 1) as [tf.Tensor, tf.Tensor];
    return { step: tf.mul(tf.sub(tf.mul(0.3, direction), tf.mul(0.05, tf.div(fast, size))), tf.exp(magnitude)), memory: { fast, slow, square } };
  },
};

/** Example 3: a meta-learner of one's own, meta-trained by truncated backpropagation, against tuned baselines on problems that nobody has seen. */
export async function composeMetaLearner(seed: number, log: (line: string) => void) {
  const key = createKey(seed);
  const recipe = { horizon: HORIZON, segment: 20, unrolls: 300, learningRate: 0.005 };
  const { optimizer, losses } = trainTapeRule(smallNetworkRule, robustRegressions, key.fold('training'), recipe, (n, loss) => {
    if (n % 50 === 0) log(`unroll ${n}: mean objective ${loss.toFixed(3)}`);
  });
  const evaluate = evaluateInline({ family: robustRegressions, key: key.fold('tuning'), horizon: HORIZON, score: 'mean' });
  const contenders: [string, Optimizer][] = [['small-network', optimizer]];
  for (const name of ['adam', 'rmsprop', 'momentum'] as const) {
    const { best } = await tuneOptimizer(baselineOptimizers[name], evaluate, { tasks: 3, refinements: 1 });
    contenders.push([name, createBaseline(name, best?.options)]);
    log(`${name}: ${JSON.stringify(best?.options)}`);
  }
  const curves = contenders.map(([name, rule]) => {
    const run = (own: Key) => rollout(robustRegressions.sample(own.fold(0)), rule, { horizon: HORIZON, key: own.fold(1) }).objectives;
    return { optimizer: name, objectives: key.fold('test').split(HELD_OUT).map(run) };
  });
  return { losses, curves };
}
