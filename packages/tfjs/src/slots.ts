import {
  allFinite,
  UserError,
  type CoordinateGroup,
  type Minibatch,
  type Optimizer,
  type OptimizerState,
  printable,
  type ParameterLayout,
} from '@metadescent/core';
import { renameKeys } from './renamed-variables.js';
import type { SlotKind } from './rule-registry.js';

/** One step of a rule, as `Slots` is asked for it. */
export interface SlotStep {
  readonly layout: ParameterLayout;
  readonly iteration: number;
  /** θ_t [layout.size] */
  readonly parameters: Float32Array;
  /** ∇f̂(θ_t); zero where `present` says that there is none [layout.size] */
  readonly gradient: Float32Array;
  /** Whether the objective depends on each variable [groups] */
  readonly present: readonly boolean[];
  /** f̂(θ_t); a function, because a step from gradients alone has none, and then only rules that ask for it fail. */
  readonly objective: () => number;
  readonly minibatch: Minibatch;
}

/** The state of one owner (a variable, or all variables together) as it is saved. */
export interface SavedSlot {
  /** Name of the variable, or `JOINT`. */
  readonly owner: string;
  readonly state: OptimizerState;
}

/** Owner of a state over all variables; no variable can have the empty name. */
export const JOINT = '';

/** What a rule remembers between steps, for a list of variables that may change. */
export interface Slots {
  readonly kind: SlotKind;
  /** Writes Δθ [layout.size] and updates the slots. */
  step(input: SlotStep, step: Float32Array): void;
  save(): SavedSlot[];
  /** What these variables have been remembered by goes: a variable that is called so from now on is another one. */
  forget(names: readonly string[]): void;
  /** What a variable that is not stepped is remembered by goes by another name from now on (name → new name). */
  rename(names: ReadonlyMap<string, string>): void;
  /**
   * Takes over saved slots of variables that are now called `names` (saved name → present name).
   *
   * @param layout of the variables of the last step before saving, in their order then, under their present names
   * @param waiting the other variables that slots were saved for
   * @throws UserError if they are of another rule.
   */
  restore(
    saved: readonly SavedSlot[],
    layout: ParameterLayout,
    waiting: readonly CoordinateGroup[],
    names: ReadonlyMap<string, string>,
  ): void;
}

/** Slots of a rule. */
export function createSlots(rule: Optimizer, kind: SlotKind): Slots {
  return kind === 'joint' ? jointSlots(rule) : variableSlots(rule);
}

/**
 * A state per variable, by name: what a variable remembers is untouched while it is not trained, and a new
 * variable starts afresh.
 */
function variableSlots(rule: Optimizer): Slots {
  const slots = new Map<string, { layout: ParameterLayout; state: OptimizerState }>();
  const slotOf = (group: CoordinateGroup) => {
    const known = slots.get(group.name);
    if (known && known.layout.size === group.size) return known;
    const layout = aloneLayout(group);
    const fresh = { layout, state: rule.init(layout) };
    slots.set(group.name, fresh);
    return fresh;
  };
  return {
    kind: 'per-variable',
    step(input, step) {
      input.layout.groups.forEach((group, i) => {
        const range = [group.offset, group.offset + group.size] as const;
        if (!input.present[i]) {
          step.fill(0, ...range);
          return;
        }
        const { layout, state } = slotOf(group);
        rule.update(
          {
            layout,
            iteration: input.iteration,
            parameters: input.parameters.subarray(...range),
            gradient: input.gradient.subarray(...range),
            get objective() {
              return input.objective();
            },
            minibatch: minibatchOf(input, group),
          },
          state,
          step.subarray(...range),
        );
      });
    },
    save: () => [...slots].map(([owner, { state }]) => ({ owner, state })),
    forget: (names) => names.forEach((name) => slots.delete(name)),
    rename: (names) => renameKeys(slots, names),
    restore(saved, layout, waiting, names) {
      slots.clear();
      for (const { owner, state } of saved) {
        const name = names.get(owner);
        const group = [...layout.groups, ...waiting].find((candidate) => candidate.name === name);
        if (!group) continue;
        const alone = aloneLayout(group);
        slots.set(group.name, { layout: alone, state: checkedState(rule, alone, state, owner) });
      }
    },
  };
}

/** Arrays of one number per coordinate of variables that are not stepped now, by variable. */
type Parked = Map<string, Record<string, OptimizerState[string]>>;

/**
 * One state over all variables. When the list of variables changes, arrays of one number per coordinate
 * follow their variables by name (those of absent variables are kept for their return) and arrays whose
 * length does not depend on the variables stay; a state that holds anything else (secant pairs) starts
 * afresh.
 */
function jointSlots(rule: Optimizer): Slots {
  let current: { layout: ParameterLayout; state: OptimizerState } | undefined;
  const parked: Parked = new Map();
  /** Variables of `current` that are no more. */
  const gone = new Set<string>();
  const adapt = (layout: ParameterLayout): OptimizerState => {
    if (current && gone.size === 0 && sameGroups(current.layout, layout)) return current.state;
    const state = rule.init(layout);
    // Half of a memory is none: what waits belongs to what could not be carried over.
    if (current && !carryOver(current, { layout, state }, parked, gone)) parked.clear();
    gone.clear();
    current = { layout, state };
    return state;
  };
  return {
    kind: 'joint',
    step(input, step) {
      const state = adapt(input.layout);
      const { layout } = current as { layout: ParameterLayout };
      const { iteration, parameters, gradient, minibatch } = input;
      rule.update(
        {
          layout,
          iteration,
          parameters,
          gradient,
          minibatch,
          get objective() {
            return input.objective();
          },
        },
        state,
        step,
      );
    },
    save() {
      if (!current) return [];
      const present = new Set(current.layout.groups.map(({ name }) => name));
      const away = [...parked]
        .filter(([owner]) => !present.has(owner))
        .map(([owner, state]) => ({ owner, state }));
      return [{ owner: JOINT, state: current.state }, ...away];
    },
    forget(names) {
      for (const name of names) {
        parked.delete(name);
        if (current?.layout.groups.some((group) => group.name === name)) gone.add(name);
      }
    },
    rename: (names) => renameKeys(parked, names),
    restore(saved, layout, _, names) {
      parked.clear();
      gone.clear();
      current = undefined;
      for (const { owner, state } of saved) {
        const name = names.get(owner);
        if (owner === JOINT) current = { layout, state: checkedState(rule, layout, state, 'all variables') };
        else if (name !== undefined) {
          requireFinite(state, owner);
          parked.set(name, state);
        }
      }
    },
  };
}

/**
 * Whether the state could be carried over from one list of variables to another; where not, the new one is as
 * fresh as it was.
 */
function carryOver(
  from: { layout: ParameterLayout; state: OptimizerState },
  to: { layout: ParameterLayout; state: OptimizerState },
  parked: Parked,
  gone: ReadonlySet<string>,
): boolean {
  const keys = Object.keys(to.state);
  // Rules may keep arrays for some lists of variables only: PSD has one per network that has coordinates.
  if (keys.length !== Object.keys(from.state).length || !keys.every((key) => Object.hasOwn(from.state, key)))
    return false;
  const entries = keys.map((key) => ({
    key,
    after: to.state[key] as OptimizerState[string],
    before: from.state[key] as OptimizerState[string],
  }));
  const perCoordinate = ({ before, after }: (typeof entries)[number]): boolean =>
    before.length === from.layout.size && after.length === to.layout.size;
  // An array of any other length is no matter of the coordinates if it keeps its length while their number
  // changes; where that stays, nobody can tell.
  const common = ({ before, after }: (typeof entries)[number]): boolean =>
    before.length === after.length && (from.layout.size !== to.layout.size || before.length === 0);
  // Half of a state is none: what an array means may depend on one that could not be carried over.
  if (!entries.every((entry) => perCoordinate(entry) || common(entry))) return false;
  for (const entry of entries) {
    const { key, before, after } = entry;
    if (!perCoordinate(entry)) {
      after.set(before);
      continue;
    }
    for (const { name, offset, size } of from.layout.groups) {
      if (!gone.has(name))
        parked.set(name, { ...parked.get(name), [key]: before.slice(offset, offset + size) });
    }
    for (const { name, offset, size } of to.layout.groups) {
      const own = parked.get(name)?.[key];
      if (own?.length === size) after.set(own, offset);
    }
  }
  return true;
}

function sameGroups(a: ParameterLayout, b: ParameterLayout): boolean {
  return (
    a.size === b.size &&
    a.groups.length === b.groups.length &&
    a.groups.every(({ name, size }, i) => b.groups[i]?.name === name && b.groups[i]?.size === size)
  );
}

/** The layout of one group by itself; rules read its role and its layer. */
function aloneLayout(group: CoordinateGroup): ParameterLayout {
  return { groups: [{ ...group, offset: 0 }], size: group.size };
}

/** The mini-batch as a function of one variable, the others where they are. */
function minibatchOf({ parameters, minibatch }: SlotStep, { offset, size }: CoordinateGroup): Minibatch {
  return {
    evaluate(block, gradient) {
      const whole = parameters.slice();
      whole.set(block, offset);
      const wholeGradient = gradient && new Float32Array(whole.length);
      const value = minibatch.evaluate(whole, wholeGradient);
      if (wholeGradient) gradient.set(wholeGradient.subarray(offset, offset + size));
      return value;
    },
  };
}

function checkedState(
  rule: Optimizer,
  layout: ParameterLayout,
  state: OptimizerState,
  owner: string,
): OptimizerState {
  const wanted = rule.init(layout);
  const describe = (record: OptimizerState): string =>
    Object.entries(record)
      .map(([key, array]) => `${key} ${Object.prototype.toString.call(array).slice(8, -1)}[${array.length}]`)
      .sort()
      .join(', ') || 'nothing';
  if (describe(wanted) !== describe(state)) {
    throw new UserError(
      `LearnedOptimizer: the saved state of ${owner} is of another rule than "${rule.name}": it holds ${describe(state)}, but ${describe(wanted)} is needed; ` +
        'make the optimizer with the rule that was saved',
    );
  }
  // A rule may begin with an infinity of its own, such as the lowest loss so far.
  requireFinite(
    Object.fromEntries(
      Object.entries(state).filter(([key]) => allFinite(wanted[key] as OptimizerState[string])),
    ),
    owner,
  );
  return state;
}

/** One number that is not finite makes all that a rule computes with it so, and then the model. */
function requireFinite(state: OptimizerState, owner: string): void {
  const bad = Object.entries(state).find(([, array]) => !allFinite(array));
  if (!bad) return;
  throw new UserError(
    `LearnedOptimizer: the saved state of ${owner || 'all variables'} is not finite ("${printable(bad[0])}"): the training that was saved had diverged, or the file is damaged; ` +
      'load an earlier one, or compile the model with a new optimizer',
  );
}
