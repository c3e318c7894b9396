// Loss and gradient of a multilayer perceptron in TensorFlow.js, optionally with a step of Adam.
//
//   node tfjs-mlp.mjs --sizes 48,48,10 --activation relu --batch 64 --evaluations 20 --adam
import { answer, options, startTensorflow } from './tfjs-backend.mjs';

const tf = await startTensorflow();
const given = options();
const sizes = given.sizes.split(',').map(Number);
const batch = Number(given.batch);

const layers = sizes.slice(1).map((outputs, l) => ({
  weights: tf.variable(tf.randomNormal([sizes[l], outputs], 0, sizes[l] ** -0.5)),
  bias: tf.variable(tf.zeros([outputs])),
}));
const inputs = tf.randomUniform([batch, sizes[0]]);
const classes = sizes[sizes.length - 1];
const labels = tf.cast(tf.oneHot(tf.randomUniform([batch], 0, classes, 'int32'), classes), 'float32');
const optimizer = tf.train.adam(1e-4);

function loss() {
  let a = inputs;
  layers.forEach(({ weights, bias }, l) => {
    a = tf.add(tf.matMul(a, weights), bias);
    if (l + 1 < layers.length) a = tf[given.activation](a);
  });
  return tf.losses.softmaxCrossEntropy(labels, a);
}

await answer(
  () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss);
      if (given.adam) optimizer.applyGradients(grads);
      value.dataSync();
    }),
  Number(given.evaluations ?? 1),
);
