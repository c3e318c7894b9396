export { LearnedOptimizer } from './learned-optimizer.js';
export { learnedOptimizerOptionsSchema, type LearnedOptimizerOptions } from './learned-optimizer-options.js';
export { pretrained, registerRule, ruleNames, type RuleEntry } from './rule-registry.js';
export { type SlotKind } from './slots.js';
export type { RuleReference } from './rule-reference.js';
export {
  groupOverridesSchema,
  variableGroups,
  type GroupOverrides,
  type VariableDescription,
} from './variable-groups.js';
export { guardOptionsSchema, type GuardOptions } from './guard.js';
export type { Listener } from './say.js';
export {
  familyFromFunction,
  optimizeeFromFunction,
  type NamedTensors,
  type TensorFamily,
  type TensorOptimizee,
  type TensorOptimizeeOptions,
  type TensorProblem,
  type TwiceDifferentiableMinibatch,
} from './optimizee-from-function.js';
export {
  modelOptimizeeOptionsSchema,
  optimizeeFromModel,
  type LayersModelLike,
  type ModelOptimizeeOptions,
  type TensorData,
} from './optimizee-from-model.js';
export {
  initialRuleWeights,
  ruleLayout,
  tapeOptimizer,
  type TapeObservation,
  type TapeRule,
} from './tape-rule.js';
export {
  unrollOnTape,
  type TapeCursor,
  type TapeSegment,
  type TapeSegmentOptions,
} from './tape-meta-gradient.js';
export {
  trainTapeRule,
  trainTapeRuleSchema,
  type TrainedTapeRule,
  type TrainTapeRuleOptions,
} from './train-tape-rule.js';
