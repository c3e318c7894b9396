import { swingUpStages } from '@metadescent/guided-policy-search';
import type { ControlExperiment, ControlStage, PolicySpecification } from './control-experiment.js';

const SOURCE = 'Li & Malik 2017, §3.3–3.4: guided policy search with Bregman ADMM';

const regulatorStage: ControlStage = {
  name: 'linear policy',
  purpose: 'Bregman ADMM from a controller that does nothing but explore.',
  policy: { kind: 'linear', shared: true },
  options: {
    trajectories: 40,
    freshSamples: true,
    klStep: 1,
    nu: { initial: 1e-3 },
    covariance: { floor: 0.1 },
    dynamics: { ridge: 1e-6, actionRidge: 1e-6, window: 21 },
  },
  iterations: 16,
};

/** Training steps grow with the number of controllers that one policy has to agree with. */
const mlp = (conditions: number): PolicySpecification => ({
  kind: 'mlp',
  options: { shared: true, cloneSteps: 1500 * conditions, steps: 1500 * conditions, batch: 128 },
});
const lstm = (conditions: number): PolicySpecification => ({
  kind: 'lstm',
  options: { shared: true, hidden: 24, cloneSteps: 800 * conditions, steps: 800 * conditions, rate: 0.01 },
});

const controllerStage: ControlStage = {
  name: 'controller alone',
  purpose: 'The controllers learn the swing-up on unknown dynamics. No policy is trained yet.',
  policy: { kind: 'none' },
  ...swingUpStages.controller,
};

function policyStage(name: string, policy: PolicySpecification, purpose: string): ControlStage {
  return { name, purpose, policy, ...swingUpStages.policy, after: controllerStage.name };
}

const swingUp = (conditions: number): readonly ControlStage[] => [
  controllerStage,
  policyStage(
    'MLP policy',
    mlp(conditions),
    'Bregman ADMM: a network and the controllers are trained to agree. The network sees the whole state and is the same at all steps.',
  ),
];

const hiddenSwingUp = (conditions: number): readonly ControlStage[] => [
  controllerStage,
  policyStage(
    'LSTM policy',
    lstm(conditions),
    'Bregman ADMM: a recurrent network that sees the angle alone.',
  ),
  policyStage(
    'memoryless MLP',
    mlp(conditions),
    'The same for a network without memory, from the same controllers: is memory needed?',
  ),
];

/** Initial conditions of the `paper` presets. */
const initialAngles = [-0.3, -0.1, 0.1, 0.3];

/** The control problems of the app, in the order of `metadescent list`. */
export const controlExperiments: readonly ControlExperiment[] = [
  {
    name: 'control/linear-regulator',
    title: 'Linear-quadratic regulator with unknown dynamics',
    source: SOURCE,
    presets: {
      quick: { problem: { kind: 'linear-regulator' }, stages: [regulatorStage] },
      paper: {
        problem: {
          kind: 'linear-regulator',
          initialMeans: [
            [1, -0.5, 0, 0],
            [-1, 1, 0, 0],
            [0, 0, 1, -1],
            [0.5, 0.5, -1, 0],
          ],
        },
        stages: [regulatorStage],
      },
    },
  },
  {
    name: 'control/pendulum',
    title: 'Torque-limited pendulum swing-up',
    source: SOURCE,
    presets: {
      quick: { problem: { kind: 'pendulum' }, stages: swingUp(1) },
      paper: { problem: { kind: 'pendulum', initialAngles }, stages: swingUp(initialAngles.length) },
    },
  },
  {
    name: 'control/pendulum-hidden-velocity',
    title: 'Pendulum swing-up with the velocity hidden from the policy',
    source: SOURCE,
    presets: {
      quick: { problem: { kind: 'pendulum-hidden-velocity' }, stages: hiddenSwingUp(1) },
      paper: {
        problem: { kind: 'pendulum-hidden-velocity', initialAngles },
        stages: hiddenSwingUp(initialAngles.length),
      },
    },
  },
];
