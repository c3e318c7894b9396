import { scaled } from './combinators/scaled.js';
import type { Optimizer } from './optimizer.js';
import type { OptimizerEntry, OptimizerSpecification } from './optimizer-specification.js';
import { printable } from './printable-text.js';
import type { TensorFile } from './safetensors.js';
import { schedule } from './schedule.js';
import { describeKind } from './typed-array.js';
import { UserError } from './user-error.js';

/** Optimizers by name: a plain value, made where it is used of the entries that packages export. */
export type OptimizerRegistry<Engine = unknown> = ReadonlyMap<string, OptimizerEntry<Engine>>;

/**
 * A registry of these entries.
 *
 * @throws UserError if two have one name.
 * @example
 * const still = { name: 'still', init: () => ({}), update: (_, __, step) => step.fill(0) };
 * const registry = optimizerRegistry([{ name: 'still', class: 'papers', create: () => still }]);
 * createOptimizer(registry, { name: 'still' }).name // => 'still'
 */
export function optimizerRegistry<Engine = unknown>(
  entries: readonly OptimizerEntry<Engine>[],
): OptimizerRegistry<Engine> {
  if (!Array.isArray(entries) || entries.some((entry) => typeof entry?.name !== 'string'))
    throw new UserError(
      `optimizerRegistry: the entries must be a list of optimizer entries, but are ${describeKind(entries)}; pass such as Object.values(baselineOptimizers)`,
    );
  const registry = new Map<string, OptimizerEntry<Engine>>();
  for (const entry of entries) {
    if (registry.has(entry.name))
      throw new UserError(
        `optimizerRegistry: two entries have the name "${printable(entry.name)}"; give one of them another`,
      );
    registry.set(entry.name, entry);
  }
  return registry;
}

/**
 * The entry of this name.
 *
 * @throws UserError with the choices if there is none.
 */
export function optimizerNamed<Engine>(
  registry: OptimizerRegistry<Engine>,
  name: string,
): OptimizerEntry<Engine> {
  const entry = registry.get(name);
  if (entry) return entry;
  throw new UserError(
    `there is no optimizer "${printable(String(name), 200)}"; choose one of ${[...registry.keys()].join(', ')}`,
  );
}

/**
 * The optimizer that a specification describes.
 *
 * @param engine makes what learned rules compute with; called by those alone
 * @throws UserError if the registry has no such name, the rule refuses its options or weights, the schedule is
 *   out of range, or the rule searches along lines and so cannot follow a schedule; RangeError if a learned
 *   rule is asked for and there is no engine.
 */
export function createOptimizer<Engine>(
  registry: OptimizerRegistry<Engine>,
  specification: OptimizerSpecification,
  engine?: () => Engine,
): Optimizer {
  const entry = optimizerNamed(registry, specification.name);
  const rule = entry.create(
    specification,
    engine ??
      (() => {
        throw new RangeError(`createOptimizer: "${entry.name}" computes with an engine; give one`);
      }),
  );
  if (!specification.schedule) return rule;
  if (rule.extraEvaluations)
    throw new UserError(
      `"${entry.name}" finds the length of its steps by line searches, which a schedule would undo; leave the schedule out`,
    );
  return scaled(rule, schedule(specification.schedule));
}

/**
 * The entry that takes the weights of this file.
 *
 * @throws UserError if none does.
 */
export function optimizerOfWeights<Engine>(
  registry: OptimizerRegistry<Engine>,
  { metadata: { format } }: TensorFile,
): OptimizerEntry<Engine> {
  const candidates = [...registry.values()].filter(({ weightsFormat }) => weightsFormat !== undefined);
  const entry = candidates.find(({ weightsFormat }) => weightsFormat === format);
  if (entry) return entry;
  const given = format === undefined ? '(none)' : `"${printable(format)}"`;
  throw new UserError(
    `the weights are of format ${given}, but one of ${candidates.map(({ weightsFormat }) => `"${weightsFormat}"`).join(', ')} was expected; ` +
      'give the weights of a learned optimizer',
  );
}

/**
 * For entries whose weights are all there is to choose: an option that changed nothing would be believed to
 * have.
 *
 * @throws UserError if the specification has options.
 */
export function refuseOptions({ options }: OptimizerSpecification): void {
  if (
    options === undefined ||
    (typeof options === 'object' && options !== null && Object.keys(options).length === 0)
  )
    return;
  const given = printable(JSON.stringify(options) ?? typeof options, 200);
  throw new UserError(
    `rules with trained weights take no options, but ${given} was given; leave it out, or take a hand-made rule, as { name: 'adam', options }`,
  );
}

/**
 * The longest unroll that the metadata of a weights file records: of its training recipe, in the JSON of
 * `config`.
 *
 * @param standard the horizon of a recipe that records only what differs from its defaults
 * @returns undefined where the metadata does not say
 */
export function recordedHorizon(
  { config }: Readonly<Record<string, string>>,
  standard = 0,
): number | undefined {
  let recipe: { readonly horizon?: unknown; readonly curriculum?: unknown } | undefined;
  try {
    recipe = (JSON.parse(config ?? '') as { recipe?: object } | null)?.recipe ?? {};
  } catch {
    return undefined;
  }
  const stages = Array.isArray(recipe.curriculum) ? (recipe.curriculum as { horizon?: unknown }[]) : [];
  const horizons = [recipe.horizon ?? standard, ...stages.map((stage) => stage?.horizon)];
  return Math.max(...horizons.filter((horizon) => typeof horizon === 'number'), 0) || undefined;
}
