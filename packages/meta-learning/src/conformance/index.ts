export * from './learned-optimizer-conformance.js';
export * from './gradient-conformance.js';
export * from './estimator-conformance.js';
export * from './slopes.js';
