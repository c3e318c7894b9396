import {
  checkArgument,
  parseOptions,
  UserError,
  type CoordinateGroup,
  type ParameterLayout,
} from '@metadescent/core';
import type { KernelEngine, LstmKernel } from '@metadescent/kernels';
import type { NetworkCoordinates } from '@metadescent/lstm-optimizer';
import * as z from 'zod/mini';
import { gradientNormalisations } from './gradient-normalisation.js';
import { observationInputs } from './observation.js';

/** Which coordinate groups a network is for. */
export const networkRoleSchema = z.strictObject({
  /** `first`: the layer at the input; `last`: the one at the output; `hidden`: those between. */
  depth: z.enum(['first', 'hidden', 'last']),
  /** `weight` takes weight matrices, convolution kernels and plain vectors; `bias` takes biases and scales. */
  role: z.enum(['weight', 'bias']),
});
export type NetworkRole = z.output<typeof networkRoleSchema>;

/** What the update rule is, apart from its weights. Stored beside the weights and checked when they are loaded. */
export const psdRuleSchema = z.strictObject({
  /** LSTM cells, in a single layer. Li & Malik 2017, §4: 128. */
  hidden: z._default(z.int().check(z.minimum(1), z.maximum(512)), 128),
  /**
   * `psi`: the three observation features of Li & Malik 2017, §3.6. `psi+scale`: four more, that carry each
   * coordinate's own scale (see `observe`); ours.
   */
  inputs: z._default(z.enum(['psi', 'psi+scale']), 'psi'),
  /**
   * c: features see c·∇f̂. The paper's features divide by |g| + 1, which normalises nothing where gradients
   * are far below 1; its text does not say what scale they had.
   */
  gradientScale: z._default(z.number().check(z.positive()), 1),
  /** `adagrad`: features see c·g/√(Σ g²) in place of c·g (see `normaliseGradient`); ours. */
  normalisation: z._default(z.enum(gradientNormalisations), 'none'),
  /**
   * α₀ of a nominal step that the learned one is added to: −α₀ g/√(Σ g²) of each coordinate, which is
   * AdaGrad's (Duchi et al. 2011). The network then learns a correction to an optimizer that already
   * descends, as in Harrison et al. 2022, "A closer look at learned optimization". 0, the default and the
   * paper's rule, has none; more needs the inputs `psi+scale`, which hold Σ g².
   */
  nominalRate: z._default(z.number().check(z.minimum(0)), 0),
  /**
   * τ: the learned step at step t is divided by √(1 + t/τ), as rates of stochastic approximation are, so that
   * less of the mini-batches' noise stays in the parameters at the end. Absent in the paper.
   */
  annealing: z.optional(z.number().check(z.positive())),
  /**
   * One LSTM per entry. Li & Malik 2017, §3.5: one per coordinate group, that is per weight matrix and bias
   * vector.
   */
  networks: z._default(z.array(networkRoleSchema).check(z.minLength(1)), [
    { depth: 'first', role: 'weight' },
    { depth: 'first', role: 'bias' },
    { depth: 'last', role: 'weight' },
    { depth: 'last', role: 'bias' },
  ]),
});

/** A validated rule. */
export type PsdRule = z.output<typeof psdRuleSchema>;

/**
 * A rule from what its user writes: what is left out has its default.
 *
 * @throws UserError naming every field that breaks a rule.
 */
export function parsePsdRule(input: z.input<typeof psdRuleSchema> = {}): PsdRule {
  return parseOptions('parsePsdRule', psdRuleSchema, input);
}

/** A rule with everything that was learned. */
export interface PsdWeights {
  readonly rule: PsdRule;
  /** LSTM weights, one network after another, each in the kernel's order [networks, lstmWeightCount] */
  readonly lstm: Float32Array;
  /** Means and standard deviations of the inputs, frozen when the policy was first fitted [networks, I] */
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** Δx per unit of LSTM output [networks] */
  readonly outputScale: Float64Array;
}

/** What the learned step is multiplied by at step t. */
export function annealingAt({ annealing }: PsdRule, t: number): number {
  return annealing === undefined ? 1 : 1 / Math.sqrt(1 + t / annealing);
}

/** The kernel of one network of this rule; all networks have the same shape. */
export function createPsdKernel(rule: PsdRule, engine: KernelEngine): LstmKernel {
  return engine.lstm({ inputs: observationInputs(rule.inputs), hidden: rule.hidden, layers: 1 });
}

/**
 * LSTM weights of one network: W_input [4H, I], W_hidden [4H, H], b [4H], w_out [H], b_out [1].
 *
 * @example
 * lstmWeightCount(parsePsdRule()) // => 67713
 */
export function lstmWeightCount({ hidden: H, inputs }: PsdRule): number {
  return 4 * H * (observationInputs(inputs) + H + 1) + H + 1;
}

/**
 * @param caller whose failure it is, as its user knows it
 * @throws UserError if an array does not have the length that the rule needs, or the rule has a nominal step
 *   and not the features that it needs.
 */
export function checkWeights(weights: PsdWeights, caller = 'Predicted Step Descent'): void {
  const advice = "pass the weights of pretrained('psd')";
  checkArgument(caller, 'the weights', weights, ['rule', 'lstm', 'mean', 'deviation', 'outputScale'], advice);
  const { rule, lstm, mean, deviation, outputScale } = weights;
  if (rule.nominalRate > 0 && rule.inputs !== 'psi+scale')
    throw new UserError(
      `${caller}: a nominal rate of ${rule.nominalRate} needs the inputs "psi+scale", but the rule has "${rule.inputs}"; ` +
        'set the rate to 0 or the inputs to "psi+scale"',
    );
  if (rule.nominalRate > 0 && rule.normalisation !== 'none')
    throw new UserError(
      `${caller}: a nominal rate of ${rule.nominalRate} needs gradients as they are, but the rule has the normalisation ` +
        `"${rule.normalisation}"; set one of the two back`,
    );
  const count = rule.networks.length;
  const inputs = observationInputs(rule.inputs);
  const wanted = {
    lstm: count * lstmWeightCount(rule),
    mean: count * inputs,
    deviation: count * inputs,
    outputScale: count,
  };
  for (const [name, length] of Object.entries({ lstm, mean, deviation, outputScale }).map(
    ([n, a]) => [n, a.length] as const,
  )) {
    const needed = wanted[name as keyof typeof wanted];
    if (length !== needed)
      throw new UserError(
        `${caller}: "${name}" must have ${needed} entries for ${count} networks of ${rule.hidden} cells, but has ${length}; ` +
          'load weights and rule from one file',
      );
  }
}

/**
 * Index of the network that updates a coordinate group: by the place of its layer among all layers and by its
 * role. Where the rule has no network for hidden layers, they take the first layer's; where it has none for
 * the role, the other role's. A network with a single layer is all output layer.
 */
export function networkOf({ networks }: PsdRule, layout: ParameterLayout, group: CoordinateGroup): number {
  const last = layout.groups.reduce((deepest, { layer }) => Math.max(deepest, layer), 0);
  const depth = group.layer === last ? 'last' : group.layer === 0 ? 'first' : 'hidden';
  const role = group.role === 'bias' || group.role === 'scale' ? 'bias' : 'weight';
  const depths: readonly NetworkRole['depth'][] =
    depth === 'hidden'
      ? ['hidden', 'first', 'last']
      : depth === 'first'
        ? ['first', 'hidden', 'last']
        : ['last', 'hidden', 'first'];
  const roles: readonly NetworkRole['role'][] = role === 'weight' ? ['weight', 'bias'] : ['bias', 'weight'];
  for (const wantedRole of roles) {
    for (const wantedDepth of depths) {
      const found = networks.findIndex(
        (network) => network.depth === wantedDepth && network.role === wantedRole,
      );
      if (found >= 0) return found;
    }
  }
  return 0;
}

/** `first/weight` and so on: names of state arrays and of figures. */
export function networkName({ depth, role }: NetworkRole): string {
  return `${depth}/${role}`;
}

/**
 * Which coordinates each network of the rule updates, one run per coordinate group; networks that hold none
 * have size 0.
 */
export function networkCoordinates(rule: PsdRule, layout: ParameterLayout): NetworkCoordinates[] {
  const runs = rule.networks.map((): { offset: number; size: number }[] => []);
  for (const group of layout.groups)
    runs[networkOf(rule, layout, group)]!.push({ offset: group.offset, size: group.size });
  return rule.networks.map((network, i) => ({
    name: networkName(network),
    runs: runs[i]!,
    size: runs[i]!.reduce((sum, { size }) => sum + size, 0),
  }));
}
