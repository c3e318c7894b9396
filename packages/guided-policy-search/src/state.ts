import type { Key } from '@metadescent/core';
import { checkArgument, UserError } from '@metadescent/core';
import type { GpsEngine } from '@metadescent/kernels/gps';
import type { CostExpansion } from './cost-expansion.js';
import type { Duals } from './duals.js';
import type { Environment, GroupSamples } from './environment.js';
import type { EtaOutcome } from './eta-search.js';
import type { DynamicsStructure } from './fit-dynamics.js';
import type { LinearGaussian } from './linear-gaussian.js';
import type { GuidedPolicySearchOptions } from './options.js';
import type { Policy } from './policy.js';
import { policyCovariance } from './policy-targets.js';
import type { GroupTaskMapper } from './tasks.js';

/** Everything a run is made of and that does not change while it runs. */
export interface GuidedPolicySearch<S> {
  readonly environment: Environment;
  readonly policy: Policy<S>;
  readonly cost: CostExpansion;
  /** ψ_0 of each group */
  readonly initialControllers: readonly LinearGaussian[];
  /**
   * What is known of the groups' dynamics, one for all or one per group. Where it depends on the samples (a
   * measured curvature), give a function of them.
   */
  readonly structure?:
    | DynamicsStructure
    | readonly DynamicsStructure[]
    | ((samples: GroupSamples, group: number) => DynamicsStructure);
  readonly engine: GpsEngine;
  readonly options: GuidedPolicySearchOptions;
  readonly key: Key;
  /** Default: this thread. */
  readonly map?: GroupTaskMapper;
}

/**
 * The whole state between two iterations: plain data, never changed in place. Equal states continue to equal
 * bits.
 */
export interface GuidedPolicySearchState<S> {
  /** Iterations done. */
  readonly iteration: number;
  readonly controllers: readonly LinearGaussian[];
  readonly duals: readonly Duals[];
  /** Warm starts, one per group */
  readonly eta: readonly number[];
  readonly stepMultiplier: number;
  readonly policy: S;
  /** The policy has not been fitted yet: its first fit clones the controllers. */
  readonly untrained?: true;
  /** Σ^π [U, U] per group */
  readonly policyCovariances: readonly Float64Array[];
  /** The controllers with the lowest sampled cost so far. */
  readonly best?: {
    readonly iteration: number;
    readonly cost: number;
    readonly controllers: readonly LinearGaussian[];
  };
  /** Iterations in a row that were worse than the best by more than a tenth. */
  readonly worse: number;
  /** What the last iteration sampled and predicted, for the `predicted` rule. */
  readonly last?: { readonly cost: number; readonly predictedImprovement: number };
}

/** What happened to one group in one iteration. */
export interface GroupRecord {
  readonly name: string;
  /** Of the η search that made the new controller; absent where the iteration made none. */
  readonly outcome?: EtaOutcome;
  /** Σ_t KL(ψ‖centre), nats */
  readonly kl: number;
  readonly epsilon: number;
  /** Model's expected cost of the trust region's centre and of the new controller. */
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  /** Did the acceptance test find this group's controller better on its own? Absent without a test. */
  readonly improved?: boolean;
  /**
   * Share of the next state's variance that the fitted dynamics leave unexplained (see `unexplainedShare`)
   * [T]; absent where nothing was fitted.
   */
  readonly unexplained?: Float64Array;
  /** KL(ψ‖π) per step over the samples [T] */
  readonly policyKl: Float64Array;
  /** Mean entropy per step, nats */
  readonly entropy: number;
  /** λ [T, U] and ν [T] after the iteration */
  readonly lambda: Float64Array;
  readonly nu: Float64Array;
}

/** The immutable record of one iteration. */
export interface IterationRecord {
  /** 0, 1, … */
  readonly iteration: number;
  /**
   * `improved`: a new controller was adopted. `rejected`: no step passed the acceptance test. `restored`: the
   * samples were worse than the best controller's twice in a row, which was put back. `diverged`: too many
   * trajectories were dropped; the best controller was put back.
   */
  readonly outcome: 'improved' | 'rejected' | 'restored' | 'diverged';
  /**
   * Mean and standard error of the sampled Σ_t cost of this iteration's samples (of the controllers it
   * started with, with noise).
   */
  readonly sampledCost: number;
  readonly sampledCostError: number;
  readonly dropped: number;
  /** True cost of noiseless controllers in the acceptance test: before, and of what was adopted. */
  readonly acceptance?: { readonly before: number; readonly after: number; readonly fraction: number };
  /** Mean true cost of the policy's means after the iteration, where it was measured. */
  readonly policyCost?: number;
  /** Step multiplier used in this iteration. */
  readonly stepMultiplier: number;
  /** Weighted regression loss of the last policy fit. */
  readonly policyLoss?: { readonly before: number; readonly after: number };
  readonly groups: readonly GroupRecord[];
}

/**
 * The state before the first iteration.
 *
 * @throws UserError if controllers and environment do not fit together.
 */
export function initialState<S>(search: GuidedPolicySearch<S>): GuidedPolicySearchState<S> {
  checkArgument(
    'initialState',
    'the search',
    search,
    ['environment', 'initialControllers', 'policy', 'engine', 'options', 'key'],
    'pass { environment, initialControllers, cost, policy, engine, options, key }',
  );
  const { environment, initialControllers, engine, options, key } = search;
  const { stateSize, actionSize, horizon, observationSize, groups } = environment;
  if (initialControllers.length !== groups.length) {
    throw new UserError(
      `guided policy search: the environment has ${groups.length} groups, but ${initialControllers.length} initial controllers are given; give one per group`,
    );
  }
  initialControllers.forEach((controller, g) => {
    for (const [name, wanted] of Object.entries({ stateSize, actionSize, horizon })) {
      const value = controller[name as 'stateSize'];
      if (value !== wanted)
        throw new UserError(
          `guided policy search: ${name} of the environment is ${wanted}, but initial controller ${g} has ${value}`,
        );
    }
    if (![controller.K, controller.k, controller.G].every((values) => values.every(Number.isFinite))) {
      throw new UserError(`guided policy search: initial controller ${g} has an entry that is not finite`);
    }
  });
  return {
    iteration: 0,
    controllers: initialControllers,
    duals: groups.map(() => ({
      lambda: new Float64Array(horizon * actionSize),
      nu: new Float64Array(horizon).fill(options.mode === 'badmm' ? options.nu.initial : 0),
    })),
    eta: groups.map(() => options.eta.initial),
    stepMultiplier: options.step.initial,
    policy: search.policy.init(
      { observationSize, actionSize, horizon, groups: groups.length },
      key.fold('policy init'),
    ),
    untrained: true,
    policyCovariances: initialControllers.map((controller) => policyCovariance(engine, controller)),
    worse: 0,
  };
}

/**
 * The state from which a search goes on with the controllers of another one on the same groups, and with a
 * policy of its own: controllers, η, the step multiplier and the count of iterations stay, policy and dual
 * variables start afresh. For searches in stages, such as a cheap one for the controllers alone before the
 * policy is trained.
 *
 * @throws UserError if controllers and environment do not fit together.
 */
export function continueState<S>(
  search: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<unknown>,
): GuidedPolicySearchState<S> {
  const fresh = initialState({ ...search, initialControllers: state.controllers });
  const { iteration, controllers, eta, stepMultiplier, best, worse, last } = state;
  return {
    ...fresh,
    iteration,
    controllers,
    eta,
    stepMultiplier,
    ...(best && { best }),
    worse,
    ...(last && { last }),
  };
}
