import { checkArgument } from '@metadescent/core';
import { acceptStep, meanCost, type AcceptanceResult } from './acceptance.js';
import { controllerActor, policyActor } from './actors.js';
import type { Samples } from './environment.js';
import { fitGroups } from './group-fits.js';
import { badmmInnerLoop, fitPolicy, mirrorDescentStep } from './inner-loop.js';
import { meanEntropy } from './linear-gaussian.js';
import type { GroupRecord, GuidedPolicySearch, GuidedPolicySearchState, IterationRecord } from './state.js';
import { total } from './statistics.js';
import { acceptanceStepMultiplier, predictedStepMultiplier } from './step-size.js';

export interface IterationResult<S> {
  readonly state: GuidedPolicySearchState<S>;
  readonly record: IterationRecord;
}

/** More than this share of dropped trajectories is a divergence: the best controllers come back. */
const MAX_DROPPED = 0.2;
/** Worse than the best by this share, twice in a row, under the `predicted` rule: the best controllers come back. */
const WORSE = 0.1;
/** Step multiplier after a restoration. */
const RESTORE_STEP = 0.25;

/**
 * One outer iteration: sample → fit dynamics and costs → inner loop of {policy fit, policy model, λ and ν
 * steps, η search} → acceptance → new state. Pure but for the environment: equal states give equal results,
 * for any mapper.
 */
export async function improve<S>(
  search: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
): Promise<IterationResult<S>> {
  checkArgument(
    'improve',
    'the search',
    search,
    ['environment', 'initialControllers', 'policy', 'engine', 'options', 'key'],
    'pass { environment, initialControllers, cost, policy, engine, options, key }',
  );
  checkArgument(
    'improve',
    'the state',
    state,
    ['controllers'],
    'pass initialState(search), or what improve returned',
  );
  const { environment, options, key } = search;
  const samples = await sample(search, state);
  const wanted = options.trajectories;
  const sampledCost = samples.trajectories > 0 ? total(samples.costs) / samples.trajectories : NaN;
  if (samples.trajectories === 0 || samples.dropped > MAX_DROPPED * wanted || !Number.isFinite(sampledCost)) {
    return restored(search, state, samples, sampledCost, 'diverged');
  }
  const { step } = options;
  const bestCost = state.best?.cost ?? Infinity;
  const worse = sampledCost > bestCost + WORSE * Math.abs(bestCost) ? state.worse + 1 : 0;
  if (step.rule === 'predicted' && worse >= 2)
    return restored(search, state, samples, sampledCost, 'restored');
  const best =
    sampledCost < bestCost
      ? { iteration: state.iteration, cost: sampledCost, controllers: state.controllers }
      : state.best!;
  const stepMultiplier =
    step.rule === 'predicted' && state.last
      ? predictedStepMultiplier(
          state.stepMultiplier,
          state.last.predictedImprovement,
          state.last.cost - sampledCost,
          step,
        )
      : state.stepMultiplier;

  const groups = await fitGroups(search, samples, key.fold('mixture').fold(state.iteration));
  const current = { ...state, stepMultiplier };
  const inner =
    options.mode === 'badmm'
      ? await badmmInnerLoop(search, current, groups)
      : await mirrorDescentStep(search, current, groups);

  let controllers = inner.solutions.map(({ controller }) => controller);
  let acceptance: AcceptanceResult | undefined;
  let nextMultiplier = stepMultiplier;
  if (step.rule === 'acceptance') {
    const mirror = options.mode === 'mirror-descent';
    acceptance = await acceptStep(
      environment,
      mirror
        ? policyActor(search.policy, inner.centrePolicy)
        : controllerActor(state.controllers, { noise: false }),
      mirror ? inner.centres : state.controllers,
      controllers,
      key.fold('acceptance').fold(options.freshSamples ? state.iteration : 0),
      { ...step, trajectories: step.trajectories ?? wanted },
    );
    controllers = [...acceptance.controllers];
    const share = acceptance.improved.filter(Boolean).length / acceptance.improved.length;
    nextMultiplier = acceptanceStepMultiplier(
      stepMultiplier,
      acceptance.fraction === 1 ? share : 0,
      acceptance.accepted,
      step,
    );
  }
  const { policy, policyCovariances, policyLoss } =
    options.mode === 'mirror-descent'
      ? await fitPolicy(
          search,
          inner,
          groups,
          controllers,
          undefined,
          key.fold('policy').fold(state.iteration),
          'iteration',
        )
      : inner;
  const predictedImprovement = inner.solutions.reduce(
    (sum, { previous, cost }) => sum + total(previous.cost) - total(cost),
    0,
  );
  const next: GuidedPolicySearchState<S> = {
    iteration: state.iteration + 1,
    controllers,
    duals: inner.duals,
    eta: inner.solutions.map(({ outcome }, g) => ('eta' in outcome ? outcome.eta : state.eta[g]!)),
    stepMultiplier: nextMultiplier,
    policy,
    policyCovariances,
    best,
    worse,
    last: { cost: sampledCost, predictedImprovement },
  };
  const record: IterationRecord = {
    iteration: state.iteration,
    outcome: acceptance && !acceptance.accepted ? 'rejected' : 'improved',
    sampledCost,
    sampledCostError: costError(samples, sampledCost),
    dropped: samples.dropped,
    ...(acceptance && {
      acceptance: { before: acceptance.before, after: acceptance.after, fraction: acceptance.fraction },
    }),
    ...(await measuredPolicy(search, next)),
    stepMultiplier,
    ...(policyLoss && { policyLoss }),
    groups: environment.groups.map(({ name }, g): GroupRecord => {
      const { outcome, kl, cost, previous } = inner.solutions[g]!;
      return {
        name,
        outcome,
        kl: total(kl),
        epsilon: options.klStep * stepMultiplier * environment.horizon,
        predictedBefore: total(previous.cost),
        predictedAfter: total(cost),
        ...(acceptance && { improved: acceptance.improved[g]! }),
        unexplained: groups[g]!.unexplained,
        policyKl: inner.policyKl[g]!,
        entropy: meanEntropy(search.engine, controllers[g]!),
        lambda: inner.duals[g]!.lambda,
        nu: inner.duals[g]!.nu,
      };
    }),
  };
  return { state: next, record };
}

function sample<S>(
  { environment, policy, options, key }: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
): Samples | Promise<Samples> {
  const actor =
    options.sampleFrom === 'policy' && !state.untrained
      ? policyActor(policy, state.policy, state.policyCovariances)
      : controllerActor(state.controllers, { gainNoise: options.gainNoise });
  return environment.rollout(
    actor,
    options.trajectories,
    key.fold('rollout').fold(options.freshSamples ? state.iteration : 0),
  );
}

async function measuredPolicy<S>(
  { environment, policy, options, key }: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
): Promise<{ policyCost?: number }> {
  if (!options.evaluatePolicy) return {};
  const samples = await environment.rollout(
    policyActor(policy, state.policy),
    options.trajectories,
    key.fold('policy evaluation'),
  );
  return { policyCost: meanCost(samples) };
}

function costError({ costs, trajectories }: Samples, mean: number): number {
  const length = costs.length / trajectories;
  let squares = 0;
  for (let m = 0; m < trajectories; m++)
    squares += (total(costs.subarray(m * length, (m + 1) * length)) - mean) ** 2;
  return trajectories > 1 ? Math.sqrt(squares / (trajectories - 1) / trajectories) : NaN;
}

/** Puts the best controllers back with a shorter step; ψ_0 if there are none yet. */
function restored<S>(
  search: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
  samples: Samples,
  sampledCost: number,
  outcome: 'restored' | 'diverged',
): IterationResult<S> {
  const { options, environment, engine } = search;
  const controllers = state.best?.controllers ?? search.initialControllers;
  const { last: _, ...kept } = state;
  const stepMultiplier = Math.max(options.step.min, RESTORE_STEP * state.stepMultiplier);
  return {
    state: { ...kept, iteration: state.iteration + 1, controllers, stepMultiplier, worse: 0 },
    record: {
      iteration: state.iteration,
      outcome,
      sampledCost,
      sampledCostError: samples.trajectories > 1 ? costError(samples, sampledCost) : NaN,
      dropped: samples.dropped,
      stepMultiplier: state.stepMultiplier,
      groups: environment.groups.map(({ name }, g) => ({
        name,
        kl: 0,
        epsilon: options.klStep * state.stepMultiplier * environment.horizon,
        predictedBefore: NaN,
        predictedAfter: NaN,
        policyKl: new Float64Array(environment.horizon),
        entropy: meanEntropy(engine, controllers[g]!),
        lambda: state.duals[g]!.lambda,
        nu: state.duals[g]!.nu,
      })),
    },
  };
}
