import {
  allFinite,
  UserError,
  isTypedArray,
  parseOptions,
  printable,
  type CoordinateGroup,
  type Minibatch,
  type Optimizer as Rule,
  type ParameterLayout,
} from '@metadescent/core';
import { adam } from '@metadescent/optimizers';
import {
  dispose,
  Optimizer,
  serialization,
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { assignFlat, gatherFlat, scalarOf, trainableVariables } from './flat-variables.js';
import { createGuard, type Guard } from './guard.js';
import { learnedOptimizerOptionsSchema, type LearnedOptimizerOptions } from './learned-optimizer-options.js';
import { createKnownVariables } from './known-variables.js';
import { variableGradients } from './named-gradients.js';
import { renamedVariables } from './renamed-variables.js';
import { resolveRule, type ResolvedRule, type RuleReference } from './rule-reference.js';
import { fromTensors, toTensors, type NamedTensor, type SavedArray, type SavedState } from './saved-state.js';
import { sayOnConsole } from './say.js';
import { sharedEngine } from './shared-engine.js';
import { createSlots, type SavedSlot, type Slots } from './slots.js';
import { steppedFunction } from './stepped-function.js';
import { variableGroups } from './variable-groups.js';

/** Owners of saved arrays are told apart by what they belong to. */
const RULE = 'rule/';
const FALLBACK = 'fallback/';
const GUARD = 'guard/';

/** Where the value of a step's objective comes from. */
interface Objective {
  /** f̂(θ_t); undefined where only gradients were given. */
  readonly loss: number | undefined;
  minibatch(layout: ParameterLayout, variables: readonly Variable[]): Minibatch;
}

/**
 * Any optimizer of this project, hand-made or learned, as a `tf.Optimizer`: for `model.compile({ optimizer
 * })` and `fit`, `optimizer.minimize(f)` and `optimizer.applyGradients(gradients)`.
 *
 * Variables become the coordinate groups of one layout (see `variableGroups`); every step reads them and
 * their gradients, runs the rule on flat arrays and assigns θ + Δθ. No tensor outlives a step. What the rule
 * remembers is kept by variable name where the rule steps each variable by itself, so it outlives changes of
 * the list of variables, until the variable is disposed.
 *
 * Rules that search along a line evaluate the loss several times per step. Only the step's own evaluation
 * leaves anything behind in the model (moving averages of batch normalisation, states of stateful layers);
 * with dropout they see another function each time.
 *
 * @example
 * model.compile({ optimizer: new LearnedOptimizer('l2l-mnist'), loss: 'categoricalCrossentropy' });
 */
export class LearnedOptimizer extends Optimizer {
  /** Under this name models are saved; a getter, as tfjs has it, so that bundlers can drop the class. @nocollapse */
  static get className(): string {
    return 'LearnedOptimizer';
  }

  readonly #resolved: ResolvedRule;
  readonly #options: ReturnType<typeof learnedOptimizerOptionsSchema.parse>;
  readonly #slots: Slots;
  readonly #guard: Guard | undefined;
  readonly #fallback: Slots | undefined;
  #layout: ParameterLayout | undefined;
  readonly #known = createKnownVariables();
  /** Loaded state, until the first step says which variables there are. */
  #pending: SavedState | undefined;
  /** The tensors of the last `getWeights`. */
  #snapshot: NamedTensor[] = [];

  /**
   * @param rule an optimizer; or a name (`ruleNames()`: `l2l-mnist`, `adam`, …), alone or with the options of
   *   a hand-made rule. Only names can be saved with a model.
   * @throws UserError if the rule is no optimizer and no name of one, or if an option is invalid or not taken.
   */
  constructor(rule: RuleReference, { engine: kernels, onMessage, ...options }: LearnedOptimizerOptions = {}) {
    super();
    this.#options = parseOptions('LearnedOptimizer', learnedOptimizerOptionsSchema, options);
    this.#resolved = resolveRule(rule, () => kernels ?? sharedEngine());
    this.#slots = createSlots(this.#resolved.rule, this.#options.slots ?? this.#resolved.slots);
    const { guard } = this.#options;
    if (guard !== false) {
      this.#guard = createGuard(
        guard,
        this.#resolved.label,
        this.#resolved.horizon,
        onMessage ?? sayOnConsole,
      );
      this.#fallback = createSlots(adam({ learningRate: guard.fallbackLearningRate }), 'per-variable');
    }
  }

  /** The rule that is being applied. */
  get rule(): Rule {
    return this.#resolved.rule;
  }

  /** Whether the guard has handed over to ADAM. */
  get fellBack(): boolean {
    return this.#guard?.fallen ?? false;
  }

  override minimize(f: () => Scalar, returnCost = false, varList?: Variable[]): Scalar | null {
    const variables = trainableVariables('LearnedOptimizer.minimize', varList);
    const stepped = steppedFunction(f);
    let evaluated: ReturnType<Optimizer['computeGradients']> | undefined;
    try {
      evaluated = this.computeGradients(() => stepped.own(), variables);
      const { value, grads } = evaluated;
      // Without a list, the variables that other models happen to have take no part.
      const used = varList ? variables : variables.filter(({ name }) => grads[name]);
      this.#step(
        used,
        used.map(({ name }) => grads[name]),
        {
          loss: scalarOf(value),
          minibatch: stepped.minibatch,
        },
      );
    } catch (error) {
      evaluated?.value.dispose();
      throw error;
    } finally {
      stepped.forget();
      if (evaluated) dispose(evaluated.grads);
    }
    if (returnCost) return evaluated.value;
    evaluated.value.dispose();
    return null;
  }

  /**
   * One step from gradients alone.
   *
   * @param gradients of the variables that are named; those of other variables are zero and the variables
   *   stay where they are
   * @param loss the value of the objective, for rules and guards that read it
   * @throws UserError, before anything is changed, if a gradient is not what its variable needs (name, shape,
   *   type, finite values where no guard acts); if a rule or guard asks for the loss and none was given; or
   *   if a rule searches along a line: `minimize` gives it what it needs.
   */
  override applyGradients(gradients: NamedTensorMap | NamedTensor[], loss?: number): void {
    // A guard that has not fallen acts on what is not finite.
    const named = variableGradients(gradients, this.#guard?.fallen !== false);
    if (loss !== undefined && loss !== null && typeof loss !== 'number')
      throw new UserError(
        `LearnedOptimizer.applyGradients: the loss must be a number, but is ${printable(String(loss))}; give loss.dataSync()[0] of a tensor; no step was taken`,
      );
    const variables = trainableVariables(
      'LearnedOptimizer.applyGradients',
      named.map(({ variable }) => variable),
    );
    this.#step(
      variables,
      named.map(({ gradient }) => gradient),
      { loss, minibatch: () => ({ evaluate: needsMinimize }) },
    );
  }

  #step(
    variables: readonly Variable[],
    gradients: readonly (Tensor | undefined | null)[],
    objective: Objective,
  ): void {
    const layout = this.#layoutOf(variables);
    this.#adoptPending(layout);
    const present = gradients.map((gradient) => gradient !== undefined && gradient !== null);
    const [parameters, gradient, step] = [0, 0, 0].map(() => new Float32Array(layout.size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    gatherFlat(layout, variables, parameters);
    gatherFlat(
      layout,
      gradients.map((tensor) => tensor ?? undefined),
      gradient,
    );
    const loss = (): number => objective.loss ?? needsMinimize();
    const iteration = this.iterations;

    const guard = this.#guard;
    const blocks = () =>
      layout.groups.map(
        ({ name, offset, size }) => [name, parameters.subarray(offset, offset + size)] as const,
      );
    let trusted = true;
    if (guard && !guard.fallen) trusted = guard.accepts(iteration, loss(), gradient, blocks);
    if (trusted) {
      const slots = guard?.fallen && this.#fallback ? this.#fallback : this.#slots;
      try {
        slots.step(
          {
            layout,
            iteration,
            parameters,
            gradient,
            present,
            objective: loss,
            minibatch: objective.minibatch(layout, variables),
          },
          step,
        );
      } catch (error) {
        assignFlat(layout, variables, parameters);
        throw error;
      }
      if (guard && !guard.fallen && !allFinite(step)) {
        guard.reject(iteration);
        trusted = false;
      }
    }
    if (trusted)
      for (let i = 0; i < layout.size; i++) parameters[i] = (parameters[i] as number) + (step[i] as number);
    else for (const { name, offset } of layout.groups) parameters.set(guard?.kept.get(name) ?? [], offset);
    assignFlat(layout, variables, parameters);
    this.incrementIterations();
  }

  /** The same object while the variables stay the same: rules keep their plans by it. */
  #layoutOf(variables: readonly Variable[]): ParameterLayout {
    if (this.#layout && this.#known.isCurrent(variables)) return this.#layout;
    const layout = variableGroups(variables, this.#options.groups);
    this.#forgetGone();
    const claimed = this.#known.change(variables);
    for (const memory of [this.#slots, this.#fallback, this.#guard]) memory?.rename(claimed);
    return (this.#layout = layout);
  }

  /** What is remembered of variables goes with them. */
  #forgetGone(): void {
    const gone = this.#known.dropGone();
    for (const memory of [this.#slots, this.#fallback, this.#guard]) memory?.forget(gone);
  }

  #adoptPending(layout: ParameterLayout): void {
    const loaded = this.#pending;
    if (!loaded) return;
    const { guard, variables, waiting } = loaded.header;
    if (variables.length === 0) {
      // It was saved before its first step.
      this.#pending = undefined;
      return;
    }
    const names = renamedVariables(
      [...variables, ...waiting],
      layout.groups,
      this.#options.unknownVariables === 'fresh',
    );
    const renamed = (list: typeof variables) =>
      list.flatMap(({ name, shape }) =>
        names.has(name) ? [{ name: names.get(name) as string, shape }] : [],
      );
    const before = variableGroups(renamed(variables), this.#options.groups);
    const away = waiting.length > 0 ? variableGroups(renamed(waiting), this.#options.groups).groups : [];
    this.#known.load(renamed([...variables, ...waiting]));
    this.#slots.restore(slotsOf(loaded, RULE), before, away, names);
    if (this.#guard && guard) {
      this.#fallback?.restore(slotsOf(loaded, FALLBACK), before, away, names);
      Object.assign(this.#guard.memory, {
        ...guard,
        first: guard.first ?? NaN,
        smoothed: guard.smoothed ?? NaN,
        best: guard.best ?? Infinity,
        progress: guard.progress,
      });
      for (const { owner, data } of loaded.arrays.filter(({ owner }) => owner.startsWith(GUARD))) {
        const name = names.get(owner.slice(GUARD.length));
        if (name !== undefined) this.#guard.kept.set(name, keptOf(name, data, [...before.groups, ...away]));
      }
    }
    this.#pending = undefined;
  }

  /**
   * Everything that a resumed optimizer needs, as named tensors: the step count, a JSON header, the state
   * arrays. They belong to the optimizer and are valid until the next call or `dispose`.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.#release();
    this.#snapshot = toTensors(this.#pending ?? this.#saved());
    return this.#snapshot;
  }

  /**
   * Takes over what `getWeights` returned. Which variable is which is settled at the next step.
   *
   * @throws UserError if the weights are of another optimizer or of another rule.
   */
  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    const loaded = await fromTensors(weightValues);
    const { label, rule } = this.#resolved;
    if (loaded.header.rule !== label && loaded.header.rule !== rule.name) {
      throw new UserError(
        `LearnedOptimizer.setWeights: the saved state is of the rule "${loaded.header.rule}", but this optimizer is "${label}"; make it with the rule that was saved`,
      );
    }
    this.iterations_ = loaded.header.iterations;
    this.#pending = loaded;
  }

  #saved(): SavedState {
    this.#forgetGone();
    const arrays: SavedArray[] = [
      ...arraysOf(this.#slots.save(), RULE),
      ...arraysOf(this.#fallback?.save() ?? [], FALLBACK),
      ...[...(this.#guard?.kept ?? [])].map(([name, data]) => ({ owner: GUARD + name, key: 'kept', data })),
    ];
    const variables = (this.#layout?.groups ?? []).map(({ name, shape }) => ({ name, shape: [...shape] }));
    return {
      header: {
        rule: this.#resolved.label,
        iterations: this.iterations,
        variables,
        waiting: this.#known.waiting().map(({ name, shape }) => ({ name, shape: [...shape] })),
        ...(this.#guard && { guard: structuredClone(this.#guard.memory) }),
      },
      arrays,
    };
  }

  /**
   * @throws UserError if the rule was given as an object: nobody could make it again from a file.
   */
  override getConfig(): serialization.ConfigDict {
    const { name, options, label } = this.#resolved;
    if (name === undefined) {
      throw new UserError(
        `LearnedOptimizer.getConfig: the rule "${label}" was given as an object, which cannot be saved; name it, as in new LearnedOptimizer({ name: 'adam', options: { learningRate: 0.01 } }), ` +
          'or give it a name with registerRule',
      );
    }
    // tfjs-layers rewrites the letter case of everything in a saved configuration but what is under the key "name".
    return { name: JSON.stringify({ rule: { name, options }, options: this.#options }) };
  }

  /** @nocollapse */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const { rule, options } = JSON.parse(String(config['name'])) as {
      rule: RuleReference;
      options: LearnedOptimizerOptions;
    };
    return new cls(rule, options);
  }

  override dispose(): void {
    this.#release();
  }

  #release(): void {
    dispose(this.#snapshot.map(({ tensor }) => tensor));
    this.#snapshot = [];
  }
}

serialization.registerClass(LearnedOptimizer);

function slotsOf({ arrays }: SavedState, prefix: string): SavedSlot[] {
  const slots = new Map<string, Record<string, SavedArray['data']>>();
  for (const { owner, key, data } of arrays) {
    if (!owner.startsWith(prefix)) continue;
    const name = owner.slice(prefix.length);
    slots.set(name, { ...slots.get(name), [key]: data });
  }
  return [...slots].map(([owner, state]) => ({ owner, state }));
}

function arraysOf(slots: readonly SavedSlot[], prefix: string): SavedArray[] {
  return slots.flatMap(({ owner, state }) =>
    Object.entries(state).map(([key, data]) => ({ owner: prefix + owner, key, data })),
  );
}

/** The parameters that a guard goes back to, of a variable that is called `name` now. */
function keptOf(name: string, data: SavedArray['data'], groups: readonly CoordinateGroup[]): Float32Array {
  const size = groups.find((group) => group.name === name)?.size;
  if (isTypedArray(data, 'Float32Array') && data.length === size && allFinite(data)) return data;
  throw new UserError(
    `LearnedOptimizer: the parameters that the guard kept of "${printable(name)}" must be ${size} finite numbers; load an earlier file, or compile the model with a new optimizer`,
  );
}

function needsMinimize(): never {
  throw new UserError(
    'LearnedOptimizer.applyGradients: this rule or its guard reads the loss; call minimize, or pass the loss: applyGradients(gradients, loss)',
  );
}
