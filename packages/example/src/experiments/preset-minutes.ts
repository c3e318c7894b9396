import type { PresetName } from './experiment.js';

/**
 * Minutes that the presets took on two cores of an AMD EPYC with the native engine, for a first idea of what
 * to expect: `paper` on the wall of a busy machine (the training runs of the shipped weights), `quick` by
 * processor time. What was not measured is left out.
 */
export const PRESET_MINUTES: ReadonlyMap<string, Readonly<Partial<Record<PresetName, number>>>> = new Map([
  ['andrychowicz/quadratics', { quick: 0.5, paper: 4 }],
  ['andrychowicz/mnist', { quick: 0.5, paper: 55 }],
  ['andrychowicz/mnist-random-orientation', { quick: 0.5, paper: 44 }],
  ['andrychowicz/mnist-nominal', { paper: 25 }],
  ['li-malik/l2l', { paper: 14 }],
  ['li-malik/psd', { quick: 1.5, paper: 37 }],
  ['li-malik/psd-normalised', { paper: 11 }],
  ['li-malik/psd-plus', { paper: 32 }],
  ['control/linear-regulator', { quick: 0.1 }],
  ['control/pendulum', { quick: 0.2 }],
  ['control/pendulum-hidden-velocity', { quick: 0.3 }],
]);
