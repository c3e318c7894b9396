// The meta-gradient of a coordinatewise LSTM in TensorFlow.js, written idiomatically: basicLSTMCell,
// multiRNNCell, the tape of variableGrads.
//
//   node tfjs-lstm.mjs --inputs 2 --hidden 20 --layers 2 --coordinates 2842 --steps 20
import { answer, options, startTensorflow } from './tfjs-backend.mjs';

const tf = await startTensorflow();
const given = Object.fromEntries(Object.entries(options()).map(([name, value]) => [name, Number(value)]));

const layers = Array.from({ length: given.layers }, (_, layer) => {
  const width = layer === 0 ? given.inputs : given.hidden;
  return {
    kernel: tf.variable(tf.randomNormal([width + given.hidden, 4 * given.hidden], 0, given.hidden ** -0.5)),
    bias: tf.variable(tf.zeros([4 * given.hidden])),
  };
});
const outputWeights = tf.variable(tf.randomNormal([given.hidden, 1], 0, given.hidden ** -0.5));
const outputBias = tf.variable(tf.zeros([1]));
const inputs = Array.from({ length: given.steps }, () => tf.randomNormal([given.coordinates, given.inputs]));
const cotangents = Array.from({ length: given.steps }, () => tf.randomNormal([given.coordinates, 1]));
const forgetBias = tf.scalar(1);

function loss() {
  const cells = layers.map(
    ({ kernel, bias }) =>
      (x, c, h) =>
        tf.basicLSTMCell(forgetBias, kernel, bias, x, c, h),
  );
  let c = layers.map(() => tf.zeros([given.coordinates, given.hidden]));
  let h = layers.map(() => tf.zeros([given.coordinates, given.hidden]));
  let sum = tf.scalar(0);
  for (let t = 0; t < given.steps; t++) {
    [c, h] = tf.multiRNNCell(cells, inputs[t], c, h);
    const step = tf.add(tf.matMul(h[h.length - 1], outputWeights), outputBias);
    sum = tf.add(sum, tf.sum(tf.mul(step, cotangents[t])));
  }
  return sum;
}

await answer(() =>
  tf.tidy(() => {
    const { grads } = tf.variableGrads(loss);
    // Reading one number waits for the work.
    grads[outputBias.name].dataSync();
  }),
);
