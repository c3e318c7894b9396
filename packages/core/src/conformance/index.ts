export { ConformanceError, require as requireProperty, sameBits, type ConformanceCheck } from './check.js';
export * from './optimizee-conformance.js';
export * from './optimizer-conformance.js';
