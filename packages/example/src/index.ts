export { experimentNamed, experiments, presetOf } from './experiments/registry.js';
export type { Experiment, Preset, PresetName, ProblemSpecification } from './experiments/experiment.js';
export type { Comparison, EvaluationResult, OptimizerResult } from './evaluation-record.js';
