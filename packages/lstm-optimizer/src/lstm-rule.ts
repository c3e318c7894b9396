import {
  checkArgument,
  parameterRoles,
  parseOptions,
  type CoordinateGroup,
  type Key,
  type ParameterLayout,
} from '@metadescent/core';
import type { KernelEngine, LstmKernel } from '@metadescent/kernels';
import * as z from 'zod/mini';

/** What the rule is, apart from its weights. Stored beside the weights and checked when they are loaded. */
export const lstmRuleSchema = z.strictObject({
  /** Units per layer; 20 in all experiments of the paper (§3). */
  hidden: z._default(z.int().check(z.minimum(1), z.maximum(512)), 20),
  /** Stacked LSTM layers; 2 in the paper (§3). */
  layers: z._default(z.int().check(z.minimum(1), z.maximum(8)), 2),
  /**
   * What the LSTM sees of a gradient g. `log-sign`: (ln|g| / p, sign g) where |g| ≥ e^(−p), else (−1, e^p g)
   * (Appendix A, p = 10). `none`: scale · g, the paper's choice for quadratics (scale 1).
   */
  preprocessing: z._default(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('log-sign'), p: z._default(z.number().check(z.positive()), 10) }),
      z.strictObject({ kind: z.literal('none'), scale: z._default(z.number().check(z.positive()), 1) }),
    ]),
    { kind: 'log-sign', p: 10 },
  ),
  /**
   * `none`: the LSTM sees every coordinate as it is, as in the paper. `random`: with a random sign (see
   * `randomOrientation`), the same in every rollout, so that weights take the same steps whatever the key.
   * `drawn`: with signs drawn anew from each rollout's key.
   */
  orientation: z._default(z.enum(['none', 'random', 'drawn']), 'none'),
  /** Δθ = outputScale · (output of the LSTM): 1 for quadratics, 0.1 for MNIST (§3.2). */
  outputScale: z._default(z.number().check(z.positive()), 0.1),
  /**
   * A nominal step that the learned one is added to, Nesterov's with these constants (see `lstmOptimizer`):
   * the LSTM then learns a correction to an optimizer that already descends (Harrison et al. 2022, "A closer
   * look at learned optimization"). Absent in the paper's rule.
   */
  nominal: z.optional(
    z.strictObject({
      learningRate: z.number().check(z.positive()),
      momentum: z.number().check(z.minimum(0), z.lt(1)),
    }),
  ),
  /**
   * One LSTM per entry; a coordinate group belongs to the first entry whose roles and layers hold it (an
   * absent list holds all). The paper uses one for everything, and two (convolutional, fully connected) on
   * CIFAR-10 (§3.3).
   */
  networks: z._default(
    z
      .array(
        z.strictObject({
          name: z.string().check(z.minLength(1)),
          roles: z.optional(z.array(z.enum(parameterRoles)).check(z.minLength(1))),
          layers: z.optional(z.array(z.int().check(z.minimum(0))).check(z.minLength(1))),
        }),
      )
      .check(z.minLength(1)),
    [{ name: 'all' }],
  ),
});

/** A validated rule. */
export type LstmRule = z.infer<typeof lstmRuleSchema>;

/**
 * A rule from what its user writes: what is left out has its default.
 *
 * @throws UserError naming every field that breaks a rule.
 */
export function parseLstmRule(input: z.input<typeof lstmRuleSchema> = {}): LstmRule {
  return parseOptions('parseLstmRule', lstmRuleSchema, input);
}

/** Feature planes that the LSTM reads per coordinate. */
export function inputCount(rule: LstmRule): number {
  return rule.preprocessing.kind === 'log-sign' ? 2 : 1;
}

/** The kernel of one network of this rule; all networks have the same shape. */
export function createLstmKernel(rule: LstmRule, engine: KernelEngine): LstmKernel {
  return engine.lstm({ inputs: inputCount(rule), hidden: rule.hidden, layers: rule.layers });
}

/**
 * Length of the flat vector of meta-parameters φ: the networks one after another, each in the kernel's order
 * (per layer W_input [4H, I], W_hidden [4H, H], b [4H]; then w_out [H], b_out [1]; gates i, f, g, o).
 *
 * @example
 * weightCount(parseLstmRule()) // => 5141
 */
export function weightCount(rule: LstmRule): number {
  checkArgument(
    'weightCount',
    'the rule',
    rule,
    ['hidden', 'layers', 'networks', 'preprocessing'],
    'pass one of parseLstmRule()',
  );
  return rule.networks.length * networkWeightCount(rule);
}

function networkWeightCount({ hidden, layers, ...rule }: LstmRule): number {
  let count = hidden + 1;
  for (let layer = 0; layer < layers; layer++) {
    const inputs = layer === 0 ? inputCount({ hidden, layers, ...rule }) : hidden;
    count += 4 * hidden * (inputs + hidden + 1);
  }
  return count;
}

/**
 * Initial meta-parameters [weightCount]: W_input ~ N(0, 1/I) and W_hidden ~ N(0, 1/H), each by its own
 * fan-in, because the log/sign features vary little and a first layer that hardly sees them learns slowly;
 * biases 0 but the forget gate's 1 (Jozefowicz et al. 2015); output weights N(0, 0.01/H), so that the
 * untrained rule takes small steps. The paper is silent on these.
 */
export function initialWeights(rule: LstmRule, key: Key): Float32Array {
  const weights = new Float32Array(weightCount(rule));
  const { hidden, layers } = rule;
  let at = 0;
  const fill = (count: number, draw: Float64Array | number): void => {
    for (let i = 0; i < count; i++) weights[at++] = typeof draw === 'number' ? draw : (draw[i] as number);
  };
  rule.networks.forEach((_, network) => {
    for (let layer = 0; layer < layers; layer++) {
      const from = key.fold(network).fold(layer);
      const inputs = layer === 0 ? inputCount(rule) : hidden;
      for (const [part, fanIn] of [inputs, hidden].entries()) {
        const count = 4 * hidden * fanIn;
        fill(
          count,
          from
            .fold(part)
            .normal(count)
            .map((x) => x / Math.sqrt(fanIn)),
        );
      }
      fill(hidden, 0);
      fill(hidden, 1);
      fill(2 * hidden, 0);
    }
    fill(
      hidden,
      key
        .fold(network)
        .fold('output')
        .normal(hidden)
        .map((x) => (0.1 * x) / Math.sqrt(hidden)),
    );
    fill(1, 0);
  });
  return weights;
}

/**
 * The coordinates of one network in the flat parameter vector: consecutive runs, and how many coordinates
 * they hold together.
 */
export interface NetworkCoordinates {
  readonly name: string;
  readonly runs: readonly { readonly offset: number; readonly size: number }[];
  readonly size: number;
}

/**
 * Which coordinates each network of the rule updates; networks that hold none have size 0.
 *
 * @throws RangeError naming the group if no network holds it.
 */
export function assignCoordinates(rule: LstmRule, layout: ParameterLayout): NetworkCoordinates[] {
  const runs = rule.networks.map((): { offset: number; size: number }[] => []);
  for (const group of layout.groups) {
    const network = rule.networks.findIndex((candidate) => holds(candidate, group));
    if (network < 0) {
      throw new RangeError(
        `assignCoordinates: no network of the rule takes group "${group.name}" (role ${group.role}, layer ${group.layer}); the networks are ${JSON.stringify(rule.networks)}`,
      );
    }
    const list = runs[network] as { offset: number; size: number }[];
    const last = list.at(-1);
    if (last && last.offset + last.size === group.offset) last.size += group.size;
    else list.push({ offset: group.offset, size: group.size });
  }
  return rule.networks.map(({ name }, i) => {
    const list = runs[i] as { offset: number; size: number }[];
    return { name, runs: list, size: list.reduce((sum, run) => sum + run.size, 0) };
  });
}

function holds(network: LstmRule['networks'][number], group: CoordinateGroup): boolean {
  return (network.roles?.includes(group.role) ?? true) && (network.layers?.includes(group.layer) ?? true);
}

/** Copies a network's coordinates out of the flat vector into `local` [network.size]. */
export function gather(network: NetworkCoordinates, flat: Float32Array, local: Float32Array): void {
  let at = 0;
  for (const { offset, size } of network.runs) {
    local.set(flat.subarray(offset, offset + size), at);
    at += size;
  }
}

/** Writes what the LSTM sees of a gradient into its feature planes [inputCount, n]. */
export function preprocess(
  rule: LstmRule,
  engine: KernelEngine,
  gradient: Float32Array,
  features: Float32Array,
): void {
  if (rule.preprocessing.kind === 'log-sign') {
    engine.preprocessGradient(gradient, rule.preprocessing.p, features);
  } else {
    const { scale } = rule.preprocessing;
    for (let i = 0; i < gradient.length; i++) features[i] = scale * (gradient[i] as number);
  }
}
