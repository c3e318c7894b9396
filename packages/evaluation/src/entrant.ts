import {
  checkArgument,
  describeKind,
  UserError,
  printable,
  type OptimizerClass,
  type OptimizerRegistry,
  type OptimizerSpecification,
} from '@metadescent/core';

/** One of the optimizers that are compared. */
export interface Entrant {
  /** Its name in figures, tables and records; no two of a race have the same. */
  readonly label: string;
  readonly class: OptimizerClass;
  readonly specification: OptimizerSpecification;
}

const SCHEDULES = ['linear', 'cosine'] as const;

/**
 * The entrant that a text names: `adam`, or with a schedule over the horizon `adam+linear` or `adam+cosine`.
 *
 * @throws UserError if the registry has no such name, there is no such schedule, or the rule searches along
 *   lines and so takes none.
 */
export function entrantNamed<Engine>(
  registry: OptimizerRegistry<Engine>,
  text: string,
  horizon: number,
): Entrant {
  const advice =
    "pass optimizerRegistry(Object.values(baselineOptimizers)), a name such as 'adam+linear' and the horizon";
  checkArgument('entrantNamed', 'the registry', registry, ['get', 'keys'], advice);
  if (typeof text !== 'string')
    throw new UserError(`entrantNamed: the name must be text, but is ${describeKind(text)}; ${advice}`);
  const [name = '', ...after] = text.split('+');
  const entry = registry.get(name);
  const kind = SCHEDULES.find((known) => known === after[0]);
  if (!entry)
    throw new UserError(
      `there is no optimizer "${printable(name, 200)}"; choose one of ${[...registry.keys()].join(', ')}`,
    );
  if (after.length === 0) return { label: name, class: entry.class, specification: { name } };
  if (!kind || after.length > 1)
    throw new UserError(
      `there is no schedule "${printable(after.join('+'), 200)}"; write ${SCHEDULES.map((known) => `${name}+${known}`).join(' or ')}`,
    );
  if (entry.class === 'line-search')
    throw new UserError(
      `${name} finds the length of its steps by line searches, which a schedule would undo; leave "+${kind}" out`,
    );
  return {
    label: `${name}+${kind}`,
    class: entry.class,
    specification: { name, schedule: { kind, steps: horizon } },
  };
}
