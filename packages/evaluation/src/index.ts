export * from './entrant.js';
export * from './race.js';
export * from './tune.js';
export * from './ratio-to-best.js';
