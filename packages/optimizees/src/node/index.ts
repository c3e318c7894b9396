export * from './load-idx.js';
export * from './load-cifar.js';
export * from './load-tfd.js';
export * from './find-data.js';
