import { checkArgument, type Key, type ParameterLayout } from '@metadescent/core';
import {
  controllerActor,
  meanCost,
  policyActor,
  policyTargets,
  runGuidedPolicySearch,
  tablePolicy,
  type GuidedPolicySearch,
  type GuidedPolicySearchState,
  type GroupTaskMapper,
  type IterationRecord,
  type LinearGaussian,
  type Policy,
  type RecurrentPolicyState,
} from '@metadescent/guided-policy-search';
import type { KernelEngine } from '@metadescent/kernels';
import type { GpsEngine } from '@metadescent/kernels/gps';
import { featuresWithin } from './feature-shape.js';
import { groupPolicy, type PolicyFitMapper } from './group-policy.js';
import { optimizationCost, optimizationStructure } from './local-model.js';
import type { PsdRecipe } from './meta-training-recipe.js';
import { optimizeeEnvironment, type TrajectoryMapper } from './optimizee-environment.js';
import { weightsOfPolicy } from './policy-weights.js';
import type { PsdWeights } from './psd-rule.js';
import { teachers } from './teacher.js';

/** How the tasks are run: inline, or over workers. Results come in the order of the tasks. */
export interface PsdExecutor {
  readonly trajectories: TrajectoryMapper;
  readonly policyFits: PolicyFitMapper;
  /** Fits and η searches of groups. */
  readonly groupTasks: GroupTaskMapper;
}

/** Everything that the next iteration depends on; a checkpoint is exactly this. Plain data. */
export interface PsdTrainingState {
  /** ψ_0 [groups] */
  readonly teachers: readonly LinearGaussian[];
  /** The search for ψ; its policy takes part where `policyTraining` says so. */
  readonly search?: GuidedPolicySearchState<unknown>;
  /** The final training of π. */
  readonly distillation?: {
    readonly round: number;
    readonly policy: RecurrentPolicyState;
    readonly best?: { readonly policy: RecurrentPolicyState; readonly cost: number };
  };
}

/** What one step of meta-training did. */
export type PsdRecord =
  | { readonly kind: 'search'; readonly iteration: IterationRecord }
  | {
      readonly kind: 'distillation';
      readonly round: number;
      readonly loss: { readonly before: number; readonly after: number };
      /** Mean over fresh starts of Σ_t f(x_t): of π, of ψ, of ψ_0. */
      readonly policyCost: number;
      readonly controllerCost: number;
      readonly teacherCost: number;
    };

export interface PsdTrainingOptions {
  readonly recipe: PsdRecipe;
  /** Of the objective that is trained on. */
  readonly layout: ParameterLayout;
  readonly key: Key;
  readonly executor: PsdExecutor;
  /** For what is computed in this thread: rollouts are the executor's. */
  readonly engine: KernelEngine;
  readonly gpsEngine: GpsEngine;
  readonly resume?: PsdTrainingState;
  /** Called after every iteration and round with what to log and what to checkpoint. Return `stop` to end there. */
  readonly onRecord?: (record: PsdRecord, state: PsdTrainingState) => void | 'stop' | Promise<void | 'stop'>;
}

export interface PsdTrainingResult {
  readonly state: PsdTrainingState;
  /** Absent where training was stopped before the first distillation round ended. */
  readonly weights?: PsdWeights;
}

/**
 * Meta-trains Predicted Step Descent on one objective (Li & Malik 2017, §3–4): convolutional guided policy
 * search finds ψ, a linear-Gaussian controller per coordinate group, from a weak teacher; then π, one LSTM
 * per group that sees only Ψ, learns to act as ψ does.
 *
 * Every draw is a function of the key, the iteration and the trajectory, and results are combined in order:
 * neither the number of workers nor an interruption changes a bit.
 */
export async function metaTrainPredictedStepDescent(options: PsdTrainingOptions): Promise<PsdTrainingResult> {
  const needed = ['recipe', 'layout', 'key', 'executor', 'engine', 'gpsEngine'];
  checkArgument(
    'metaTrainPredictedStepDescent',
    'the options',
    options,
    needed,
    'pass all of them; the executor may be inlinePsdExecutor(…)',
  );
  const { recipe, key, onRecord } = options;
  const search = await searchOf(options, options.resume?.teachers);
  let state: PsdTrainingState = options.resume ?? { teachers: search.initialControllers };
  let stopped = false;
  if ((state.search?.iteration ?? 0) < recipe.iterations) {
    await runGuidedPolicySearch(search, {
      iterations: recipe.iterations,
      ...(state.search && { state: state.search }),
      async onIteration(iteration, searchState) {
        state = { ...state, search: searchState };
        stopped = (await onRecord?.({ kind: 'search', iteration }, state)) === 'stop';
        return !stopped;
      },
    });
  }
  const policy = policyOf(options);
  const { environment } = search;
  const controllers = state.search?.controllers ?? state.teachers;
  const validation = key.fold('validation');
  const cost = async (actor: Parameters<typeof environment.rollout>[0]) =>
    meanCost(await environment.rollout(actor, recipe.validationTrajectories, validation));
  while (!stopped && (state.distillation?.round ?? 0) < recipe.distillationRounds) {
    const round = state.distillation?.round ?? 0;
    const samples = await environment.rollout(
      controllerActor(controllers),
      recipe.search.trajectories,
      key.fold('distillation').fold(round),
    );
    const before =
      state.distillation?.policy ??
      policy.init(
        {
          observationSize: environment.observationSize,
          actionSize: 1,
          horizon: recipe.horizon,
          groups: environment.groups.length,
        },
        key.fold('policy'),
      );
    const targets = samples.groups.map((group, g) =>
      policyTargets(options.gpsEngine, group, controllers[g]!, undefined),
    );
    const fit = await policy.fit(before, targets, {
      key: key.fold('regression').fold(round),
      phase: 'clone',
    });
    const policyCost = await cost(policyActor(policy, fit.state));
    const { best } = state.distillation ?? {};
    state = {
      ...state,
      distillation: {
        round: round + 1,
        policy: fit.state,
        best: best && best.cost <= policyCost ? best : { policy: fit.state, cost: policyCost },
      },
    };
    const record: PsdRecord = {
      kind: 'distillation',
      round,
      loss: { before: fit.lossBefore, after: fit.lossAfter },
      policyCost,
      controllerCost: await cost(controllerActor(controllers, { noise: false })),
      teacherCost: await cost(controllerActor(state.teachers, { noise: false })),
    };
    stopped = (await onRecord?.(record, state)) === 'stop';
  }
  const best = state.distillation?.best;
  return { state, ...(best && { weights: weightsOfPolicy(best.policy, options.layout, recipe) }) };
}

/** The search of a meta-training run. */
async function searchOf(
  options: PsdTrainingOptions,
  known?: readonly LinearGaussian[],
): Promise<GuidedPolicySearch<unknown>> {
  const { recipe, layout, key, executor, engine, gpsEngine } = options;
  const {
    horizon,
    gradientScale,
    normalisation,
    teacher,
    coordinatesPerGroup,
    divergenceFactor,
    curvatureFactor,
  } = recipe;
  const shape = featuresWithin(recipe.shape, horizon);
  const model = { shape, horizon, curvatureFactor };
  const environment = optimizeeEnvironment(
    layout,
    { shape, inputs: 'psi', gradientScale, normalisation, horizon, coordinatesPerGroup, divergenceFactor },
    executor.trajectories,
    engine,
  );
  const imitating = recipe.policyTraining === 'afterwards';
  return {
    environment,
    // Without π in the loop its place is taken by one that costs nothing; ν = 0 keeps ψ from seeing it.
    policy: (imitating ? tablePolicy() : policyOf(options)) as Policy<unknown>,
    cost: optimizationCost(layout, model),
    structure: optimizationStructure(model),
    initialControllers:
      known ??
      (await teachers(environment, teacher, shape, gradientScale, teacher.exploration, key.fold('teacher'))),
    engine: gpsEngine,
    options: imitating
      ? {
          ...recipe.search,
          innerIterations: 1,
          nu: { ...recipe.search.nu, initial: 0 },
          evaluatePolicy: false,
        }
      : recipe.search,
    key: key.fold('search'),
    map: executor.groupTasks,
  };
}

function policyOf({ recipe, engine, executor }: PsdTrainingOptions): Policy<RecurrentPolicyState> {
  return groupPolicy(engine, { hidden: recipe.hidden, ...recipe.policy }, executor.policyFits);
}
