export * from './learned-optimizer.js';
export * from './task-map.js';
export * from './gradient-estimator.js';
export * from './updater.js';
export * from './meta-train.js';
export * from './truncated-backpropagation.js';
export * from './antithetic-task.js';
export * from './evolution-strategies.js';
