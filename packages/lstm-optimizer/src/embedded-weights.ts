import { readTrainedRule, type TrainedRule } from './checkpoint.js';

/** The rule in a weights file that is embedded as base64. */
export function readEmbedded(base64: string): TrainedRule {
  return readTrainedRule(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
