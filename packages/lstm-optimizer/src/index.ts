export * from './lstm-rule.js';
export * from './lstm-optimizer.js';
export * from './meta-gradient.js';
export * from './meta-training-recipe.js';
export * from './meta-training-tasks.js';
export * from './meta-training.js';
export * from './random-scaling.js';
export * from './checkpoint.js';
