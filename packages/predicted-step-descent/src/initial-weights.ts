import { checkArgument } from '@metadescent/core';
import type { Key } from '@metadescent/core';
import { observationInputs } from './observation.js';
import { lstmWeightCount, type PsdRule, type PsdWeights } from './psd-rule.js';

/**
 * Weights before any training: gates N(0, 1/(I + H)), forget bias 1, output N(0, 0.01/H), so that the first
 * steps are small multiples of `outputScale`; inputs are not whitened. Policy search starts from a cloned
 * controller instead (see `metaTrainPredictedStepDescent`).
 */
export function initialPsdWeights(rule: PsdRule, key: Key, outputScale = 0.01): PsdWeights {
  const count = rule.networks.length;
  const I = observationInputs(rule.inputs);
  const { hidden: H } = rule;
  const size = lstmWeightCount(rule);
  const lstm = new Float32Array(count * size);
  for (let network = 0; network < count; network++) {
    const own = lstm.subarray(network * size, (network + 1) * size);
    const draws = key.fold(network);
    const gates = 4 * H * (I + H);
    own.set(
      draws
        .fold('gates')
        .normal(gates)
        .map((x) => x / Math.sqrt(I + H)),
    );
    own.fill(1, gates + H, gates + 2 * H);
    own.set(
      draws
        .fold('output')
        .normal(H)
        .map((x) => (0.1 * x) / Math.sqrt(H)),
      gates + 4 * H,
    );
  }
  return {
    rule,
    lstm,
    mean: new Float64Array(count * I),
    deviation: new Float64Array(count * I).fill(1),
    outputScale: new Float64Array(count).fill(outputScale),
  };
}

/**
 * A policy that reads Ψ alone as one that reads the scale features, too, with weights of 0 on them: the same
 * steps, and room for fine-tuning to use more.
 *
 * @example
 * withScaleInputs(weights).rule.inputs // => 'psi+scale'
 */
export function withScaleInputs(weights: PsdWeights): PsdWeights {
  if (weights.rule.inputs === 'psi+scale') return weights;
  const rule: PsdRule = { ...weights.rule, inputs: 'psi+scale' };
  const networks = rule.networks.length;
  const [before, after] = [observationInputs('psi'), observationInputs('psi+scale')];
  const [sizeBefore, sizeAfter] = [lstmWeightCount(weights.rule), lstmWeightCount(rule)];
  const rows = 4 * rule.hidden;
  const lstm = new Float32Array(networks * sizeAfter);
  const mean = new Float64Array(networks * after);
  const deviation = new Float64Array(networks * after).fill(1);
  for (let network = 0; network < networks; network++) {
    const old = weights.lstm.subarray(network * sizeBefore, (network + 1) * sizeBefore);
    const own = lstm.subarray(network * sizeAfter, (network + 1) * sizeAfter);
    for (let row = 0; row < rows; row++) own.set(old.subarray(row * before, (row + 1) * before), row * after);
    own.set(old.subarray(rows * before), rows * after);
    mean.set(weights.mean.subarray(network * before, (network + 1) * before), network * after);
    deviation.set(weights.deviation.subarray(network * before, (network + 1) * before), network * after);
  }
  return { ...weights, rule, lstm, mean, deviation };
}

/** How a policy is put beside a nominal step, see `PsdRule.nominalRate`. */
export interface NominalStart {
  readonly nominalRate: number;
  /** What the policy's own step is multiplied by, so that the two together are not too long. */
  readonly policyScale: number;
  /** τ of the policy's own step, see `PsdRule.annealing`; absent for none. */
  readonly annealing?: number;
}

/**
 * A policy that reads the scale features, with a nominal step beside its own: Δx_t = policyScale · (its step)
 * − nominalRate · g_t/√(Σ g²). The readout carries the factor, not `outputScale`, so that a meta-update of
 * the readout moves the steps as much as before.
 *
 * @example
 * withNominalStep(weights, { nominalRate: 0.06, policyScale: 0.3 }).rule.nominalRate // => 0.06
 */
export function withNominalStep(weights: PsdWeights, start: NominalStart): PsdWeights {
  checkArgument(
    'withNominalStep',
    'the weights',
    weights,
    ['rule', 'lstm'],
    "pass the weights of pretrained('psd')",
  );
  checkArgument(
    'withNominalStep',
    'the start',
    start,
    ['nominalRate', 'policyScale'],
    'pass { nominalRate: 0.07, policyScale: 0.3 }, say',
  );
  const { nominalRate, policyScale, annealing } = start;
  const wide = withScaleInputs(weights);
  const rule: PsdRule = { ...wide.rule, nominalRate, ...(annealing !== undefined && { annealing }) };
  const size = lstmWeightCount(rule);
  const readout = rule.hidden + 1;
  return { ...wide, rule, lstm: wide.lstm.map((w, i) => (i % size < size - readout ? w : policyScale * w)) };
}
