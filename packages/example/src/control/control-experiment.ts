import type {
  GuidedPolicySearchInput,
  mlpPolicy,
  recurrentPolicy,
  RegulatorOptions,
  SwingUpOptions,
} from '@metadescent/guided-policy-search';
import type { PresetName } from '../experiments/experiment.js';

/** A control problem as plain data, for the config of a run. */
export type ControlProblemSpecification =
  | ({ readonly kind: 'linear-regulator' } & RegulatorOptions)
  | ({ readonly kind: 'pendulum' | 'pendulum-hidden-velocity' } & SwingUpOptions);

/** A policy as plain data. `none` stands in while only the controllers are learned. */
export type PolicySpecification =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly shared?: boolean }
  | { readonly kind: 'mlp'; readonly options: NonNullable<Parameters<typeof mlpPolicy>[1]> }
  | { readonly kind: 'lstm'; readonly options: NonNullable<Parameters<typeof recurrentPolicy>[1]> };

/** One guided policy search. Stages run one after another; several may go on from the same one. */
export interface ControlStage {
  /** What the report calls the policy (or the stage, where there is none). */
  readonly name: string;
  /** What happens in it, in a sentence. */
  readonly purpose: string;
  readonly policy: PolicySpecification;
  readonly options: GuidedPolicySearchInput;
  readonly iterations: number;
  /** Name of the stage whose controllers this one goes on with. Default: from scratch. */
  readonly after?: string;
}

export interface ControlPreset {
  readonly problem: ControlProblemSpecification;
  readonly stages: readonly ControlStage[];
}

/** A control problem that guided policy search solves from scratch. */
export interface ControlExperiment {
  /** `control/<problem>`, as on the command line. */
  readonly name: string;
  readonly title: string;
  /** Where the method is in the papers. */
  readonly source: string;
  /**
   * `quick`: one region of initial states, one controller. `paper`: several, each with a controller of its
   * own, under one shared policy (Levine et al. 2015).
   */
  readonly presets: Readonly<Record<PresetName, ControlPreset>>;
}
