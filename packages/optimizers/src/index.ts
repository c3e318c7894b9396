export * from './sgd.js';
export * from './momentum.js';
export * from './nesterov.js';
export * from './adagrad.js';
export * from './rmsprop.js';
export * from './adam.js';
export * from './adamw.js';
export * from './nadam.js';
export * from './lion.js';
export * from './muon.js';
export * from './newton-schulz.js';
export * from './soap.js';
export * from './nonlinear-conjugate-gradient.js';
export * from './lbfgs.js';
export { type SecantPairs } from './secant-pairs.js';
export * from './strong-wolfe-line-search.js';
export {
  baselineOptimizers,
  createBaseline,
  type BaselineName,
  type BaselineOptimizer,
} from './baseline-optimizers.js';
export * from './modern-optimizers.js';
export { searchAxisSchema } from './tuner/search-axis.js';
export {
  type Candidate,
  type CandidateOrigin,
  type EvaluateTrials,
  type OptionValues,
  type Trial,
} from './tuner/trial.js';
export {
  describeTuningOutcome,
  type EdgeOptimum,
  type SearchedAxis,
  type TuningOutcome,
  type TuningReport,
} from './tuner/tuning-report.js';
export * from './tuner/tune-optimizer.js';
export * from './tuner/random-search.js';
export * from './tuner/evaluate-inline.js';
