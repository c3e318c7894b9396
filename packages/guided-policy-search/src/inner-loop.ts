import type { Key } from '@metadescent/core';
import { smoothed, stepLambda, stepNu, type Duals } from './duals.js';
import type { GroupSamples } from './environment.js';
import type { GroupFit } from './group-fits.js';
import { controllerMeans, precisions, type LinearGaussian } from './linear-gaussian.js';
import {
  linearisePolicy,
  meanGap,
  policyMoments,
  sampledPolicyKl,
  type PolicyMoments,
} from './policy-model.js';
import { policyCovariance, policyTargets, regressionWeights } from './policy-targets.js';
import type { GuidedPolicySearch, GuidedPolicySearchState } from './state.js';
import { clampEigenvalues } from './symmetric.js';
import { inlineMapper, type GroupTask } from './tasks.js';
import type { TrustRegionResult } from './trust-region.js';

/** What an inner loop leaves behind. */
export interface InnerResult<S> {
  readonly solutions: readonly TrustRegionResult[];
  readonly duals: readonly Duals[];
  readonly policy: S;
  readonly policyCovariances: readonly Float64Array[];
  readonly policyLoss?: { readonly before: number; readonly after: number };
  readonly policyKl: readonly Float64Array[];
  /** Centres of the trust regions, and the policy behind them in mirror descent. */
  readonly centres: readonly LinearGaussian[];
  readonly centrePolicy: S;
}

/**
 * The inner loop of Bregman ADMM. The regression targets come from the controllers that made the samples in
 * the first round, from the newest ones later; the trust region is always around those that made the samples.
 */
export async function badmmInnerLoop<S>(
  search: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
  groups: readonly GroupFit[],
): Promise<InnerResult<S>> {
  const { engine, options, key } = search;
  const fitKey = key.fold('policy').fold(state.iteration);
  let { duals, policy, policyCovariances } = state;
  let policyLoss: InnerResult<S>['policyLoss'];
  let newest = state.controllers;
  let eta = state.eta;
  let solutions: readonly TrustRegionResult[] = [];
  let policyKl: readonly Float64Array[] = [];
  for (let inner = 0; inner < options.innerIterations; inner++) {
    // An untrained policy's linear model is useless: the first fit of all clones ψ_0.
    const clone = state.untrained === true && inner === 0;
    ({ policy, policyCovariances, policyLoss } = await fitPolicy(
      search,
      { policy, policyCovariances },
      groups,
      newest,
      clone ? undefined : duals,
      fitKey.fold(inner),
      clone ? 'clone' : 'iteration',
    ));
    const moments = policyMomentsOf(search, policy, groups);
    duals = groups.map((group, g): Duals => {
      const { lambda, nu } = duals[g]!;
      const gap = meanGap(newest[g]!, moments[g]!, group.moments.steps);
      const precision = precisions(engine, newest[g]!).precision;
      const { stateSize: _, ...sizes } = newest[g]!;
      // The multiplier must not step further than the (capped) penalty that the policy's regression has.
      const { capped } = regressionWeights(engine, newest[g]!, nu);
      const penalty = nu.map((x, t) => x * capped[t]!);
      return { lambda: stepLambda({ ...sizes, lambda, nu: penalty, precision, gap, ...options.lambda }), nu };
    });
    if (inner === options.innerIterations - 1 && options.nu.adapt && options.nu.initial > 0) {
      duals = groups.map((group, g): Duals => {
        const kl = sampledPolicyKl(
          engine,
          newest[g]!,
          moments[g]!,
          group.moments.steps,
          policyCovariances[g]!,
        );
        return { ...duals[g]!, nu: stepNu(duals[g]!.nu, kl, options.nu) };
      });
    }
    const tasks = groups.map((group, g): GroupTask => {
      const { lambda, nu } = duals[g]!;
      const model = linearisePolicy(
        engine,
        moments[g]!,
        group.moments.steps,
        policyCovariances[g]!,
        group.scales,
        options.policyModel.ridge,
      );
      return solveTask(
        search,
        state,
        group,
        state.controllers[g]!,
        eta[g]!,
        nu.some((x) => x > 0) ? { model, nu } : undefined,
        lambda,
      );
    });
    solutions = await solve(search, tasks);
    newest = solutions.map(({ controller }) => controller);
    eta = solutions.map(({ outcome }, g) => ('eta' in outcome ? outcome.eta : eta[g]!));
    policyKl = groups.map((group, g) =>
      sampledPolicyKl(engine, newest[g]!, moments[g]!, group.moments.steps, policyCovariances[g]!),
    );
  }
  return {
    solutions,
    duals,
    policy,
    policyCovariances,
    ...(policyLoss && { policyLoss }),
    policyKl,
    centres: state.controllers,
    centrePolicy: policy,
  };
}

/** Mirror descent: the trust region is around the policy's linear model. */
export async function mirrorDescentStep<S>(
  search: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
  groups: readonly GroupFit[],
): Promise<InnerResult<S>> {
  const { engine, options, key } = search;
  let { policy, policyCovariances } = state;
  if (state.untrained) {
    ({ policy, policyCovariances } = await fitPolicy(
      search,
      state,
      groups,
      state.controllers,
      undefined,
      key.fold('policy clone'),
      'clone',
    ));
  }
  const moments = policyMomentsOf(search, policy, groups);
  const centres = groups.map((group, g) =>
    linearisePolicy(
      engine,
      moments[g]!,
      group.moments.steps,
      policyCovariances[g]!,
      group.scales,
      options.policyModel.ridge,
    ),
  );
  const solutions = await solve(
    search,
    groups.map((group, g) =>
      solveTask(search, state, group, centres[g]!, state.eta[g]!, undefined, undefined),
    ),
  );
  const policyKl = groups.map((group, g) =>
    sampledPolicyKl(
      engine,
      solutions[g]!.controller,
      moments[g]!,
      group.moments.steps,
      policyCovariances[g]!,
    ),
  );
  return {
    solutions,
    duals: state.duals,
    policy,
    policyCovariances,
    policyKl,
    centres,
    centrePolicy: policy,
  };
}

/** Fits the policy to the controllers on the samples of all groups, and its covariances in closed form. */
export async function fitPolicy<S>(
  { engine, policy: trainer, options }: GuidedPolicySearch<S>,
  { policy }: { readonly policy: S; readonly policyCovariances: readonly Float64Array[] },
  groups: readonly GroupFit[],
  controllers: readonly LinearGaussian[],
  duals: readonly Duals[] | undefined,
  key: Key,
  phase: 'clone' | 'iteration',
): Promise<{
  policy: S;
  policyCovariances: readonly Float64Array[];
  policyLoss: { before: number; after: number };
}> {
  const data = groups.map(({ samples }, g) => policyTargets(engine, samples, controllers[g]!, duals?.[g]));
  const { state, lossBefore, lossAfter } = await trainer.fit(policy, data, { key, phase });
  const policyCovariances = controllers.map((controller, g) => {
    const covariance = policyCovariance(engine, controller, duals?.[g]?.nu);
    clampEigenvalues(controller.actionSize, covariance, options.policyModel.floor ** 2, Infinity);
    return covariance;
  });
  return { policy: state, policyCovariances, policyLoss: { before: lossBefore, after: lossAfter } };
}

function policyMomentsOf<S>(
  { engine, policy, environment }: GuidedPolicySearch<S>,
  state: S,
  groups: readonly GroupFit[],
): readonly PolicyMoments[] {
  return groups.map(({ samples, moments }, g) =>
    policyMoments(
      engine,
      samples,
      policy.means(state, g, samples),
      moments.steps,
      environment.stateSize,
      environment.actionSize,
    ),
  );
}

function solveTask<S>(
  { options, environment }: GuidedPolicySearch<S>,
  state: GuidedPolicySearchState<S>,
  { samples, dynamics, cost, scales }: GroupFit,
  previous: LinearGaussian,
  eta: number,
  policy: { readonly model: LinearGaussian; readonly nu: Float64Array } | undefined,
  lambda: Float64Array | undefined,
): GroupTask {
  const { relativeFloor, relativeCap, smoothing, floor, cap } = options.covariance;
  const rms = rmsActions(samples, previous, smoothing);
  const covarianceFloor = rms.map((x) => Math.max(floor, relativeFloor * x) ** 2);
  return {
    kind: 'solve',
    problem: {
      dynamics,
      cost,
      previous,
      ...(policy && { policy }),
      ...(lambda && { lambda }),
      entropyBonus: options.entropyBonus,
    },
    scales,
    options: {
      epsilon: options.klStep * state.stepMultiplier * environment.horizon,
      eta,
      minEta: options.eta.min,
      maxEta: options.eta.max,
      tolerance: options.eta.tolerance,
      maxEvaluations: options.eta.maxEvaluations,
      covarianceFloor,
      covarianceCap: rms.map((x, t) => Math.max(covarianceFloor[t]!, Math.min(cap, relativeCap * x) ** 2)),
    },
  };
}

/** Root mean square of the mean action per step, smoothed over time [T]. */
function rmsActions(samples: GroupSamples, controller: LinearGaussian, smoothing: number): Float64Array {
  const means = new Float64Array(samples.rows * controller.actionSize);
  const squares = Float64Array.from({ length: controller.horizon }, (_, t) => {
    controllerMeans(controller, t, samples.rows, samples.states(t), means);
    let sum = 0;
    for (const a of means) sum += (a * a) / means.length;
    return sum;
  });
  return smoothed(squares, smoothing).map(Math.sqrt);
}

async function solve<S>(
  search: GuidedPolicySearch<S>,
  tasks: readonly GroupTask[],
): Promise<readonly TrustRegionResult[]> {
  const results = await (search.map ?? inlineMapper(search.engine))(tasks);
  return tasks.map((_, g) => {
    const solution = results[g];
    if (solution?.kind !== 'solve')
      throw new Error(
        `guided policy search: the mapper returned ${solution?.kind ?? 'nothing'} for the η search of group ${g}; results must come in the order of the tasks`,
      );
    return solution.result;
  });
}
