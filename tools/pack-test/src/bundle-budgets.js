/**
 * What a bundle of an import may weigh: kilobytes (1,000 bytes), minified, before compression.
 *
 * A budget leaves about a tenth of room, so that it fails when a dependency comes along and not at every line
 * that is written.
 *
 * @typedef {object} BundleBudget
 * @property {string} entry the module that is imported
 * @property {readonly string[]} names what is imported of it; none: everything
 * @property {number} budget of what is loaded at first; chunks behind `import()` come on top
 * @property {RegExp} [without] modules that the bundle must not carry
 */

/** Weights embedded as base64. */
const weights = /pretrained\/[^/]*\.gen\.js$/;

/** @type {readonly BundleBudget[]} */
export const bundleBudgets = [
  { entry: '@metadescent/core', names: ['rollout', 'createKey'], budget: 7, without: /zod/ },
  { entry: '@metadescent/core', names: [], budget: 31, without: /zod/ },
  { entry: '@metadescent/core/conformance', names: [], budget: 16, without: /zod/ },
  { entry: '@metadescent/kernels', names: ['typescriptEngine'], budget: 29, without: /zod|wasm/ },
  { entry: '@metadescent/kernels', names: ['wasmEngine'], budget: 268, without: /zod|gps/ },
  { entry: '@metadescent/kernels', names: [], budget: 275, without: /zod|gps/ },
  { entry: '@metadescent/kernels/gps', names: ['wasmGpsEngine'], budget: 115, without: /zod|lstm/ },
  { entry: '@metadescent/kernels/gps', names: [], budget: 120, without: /zod|lstm/ },
  {
    entry: '@metadescent/meta-learning',
    names: ['metaTrain', 'persistentEvolutionStrategies', 'metaAdam'],
    budget: 7,
    without: /zod|ml-matrix/,
  },
  { entry: '@metadescent/meta-learning', names: [], budget: 105, without: /zod/ },
  { entry: '@metadescent/meta-learning/conformance', names: [], budget: 19, without: /zod|ml-matrix/ },
  { entry: '@metadescent/optimizers', names: ['sgd'], budget: 20 },
  { entry: '@metadescent/optimizers', names: ['lbfgs'], budget: 28 },
  { entry: '@metadescent/optimizers', names: [], budget: 140 },
  { entry: '@metadescent/evaluation', names: ['race', 'runRaceTask'], budget: 10, without: /zod/ },
  { entry: '@metadescent/evaluation', names: [], budget: 44 },
  { entry: '@metadescent/optimizees', names: ['quadratics'], budget: 24 },
  { entry: '@metadescent/optimizees', names: [], budget: 78 },
  { entry: '@metadescent/lstm-optimizer', names: ['lstmOptimizer'], budget: 35, without: weights },
  { entry: '@metadescent/lstm-optimizer', names: ['metaTrainLstm'], budget: 40, without: weights },
  { entry: '@metadescent/lstm-optimizer', names: [], budget: 300 },
  { entry: '@metadescent/lstm-optimizer/pretrained/l2l-48', names: [], budget: 65 },
  { entry: '@metadescent/lstm-optimizer/pretrained/mnist', names: [], budget: 65 },
  { entry: '@metadescent/lstm-optimizer/pretrained/mnist-nominal', names: [], budget: 65 },
  { entry: '@metadescent/lstm-optimizer/pretrained/mnist-random-orientation', names: [], budget: 65 },
  { entry: '@metadescent/lstm-optimizer/pretrained/quadratics', names: [], budget: 65 },
  { entry: '@metadescent/guided-policy-search', names: ['runGuidedPolicySearch'], budget: 120 },
  { entry: '@metadescent/guided-policy-search', names: [], budget: 200 },
  {
    entry: '@metadescent/predicted-step-descent',
    names: ['predictedStepDescent'],
    budget: 30,
    without: weights,
  },
  { entry: '@metadescent/predicted-step-descent', names: [], budget: 500 },
  { entry: '@metadescent/predicted-step-descent/pretrained/psd', names: [], budget: 140 },
  { entry: '@metadescent/predicted-step-descent/pretrained/psd-normalised', names: [], budget: 140 },
  { entry: '@metadescent/predicted-step-descent/pretrained/psd-plus', names: [], budget: 90 },
  { entry: '@metadescent/tfjs', names: ['LearnedOptimizer'], budget: 620, without: /predicted-step-descent/ },
  { entry: '@metadescent/tfjs', names: [], budget: 630 },
  { entry: '@metadescent/tfjs/backend', names: [], budget: 300, without: weights },
  {
    entry: '@metadescent/tfjs/wasm-training',
    names: ['registerWasmTraining'],
    budget: 300,
    without: weights,
  },
  { entry: '@metadescent/reporting', names: ['terminalTable'], budget: 46, without: /vega/ },
  { entry: '@metadescent/reporting', names: ['curveFigure'], budget: 60, without: /vega/ },
  { entry: '@metadescent/reporting', names: [], budget: 100 },
];

/** Entry points that run in Node only. */
export const nodeOnly = /\/node$|\/(runtime|example)$/;
