import { readWeights, type TrainedPsd } from './weights-file.js';

/** The weights in a file that is embedded as base64. */
export function readEmbedded(base64: string): TrainedPsd {
  return readWeights(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
