import { engine, type Variable } from '@tensorflow/tfjs-core';
import { counterparts } from './renamed-variables.js';
import type { VariableDescription } from './variable-groups.js';

/** All variables that memory is kept for. */
export interface KnownVariables {
  /** Whether these are, in order, the variables of the last change. */
  isCurrent(variables: readonly Variable[]): boolean;
  /**
   * Drops those whose variables are no more (disposed, or another variable has the name now) and returns
   * their names.
   */
  dropGone(): string[];
  /**
   * Takes note of the variables that are stepped now; returns which of them loaded ones turn out to be
   * (loaded name → present name).
   */
  change(variables: readonly Variable[]): ReadonlyMap<string, string>;
  /** Takes note of variables that loaded memory is for; which they are is settled when they are stepped. */
  load(variables: readonly VariableDescription[]): void;
  /** Those that are not stepped now. */
  waiting(): VariableDescription[];
}

interface Known extends VariableDescription {
  /** The variable's own number, which none after it will have; undefined for a loaded one. */
  readonly id: number | undefined;
}

export function createKnownVariables(): KnownVariables {
  const known = new Map<string, Known>();
  let current: readonly Variable['id'][] = [];
  const isGone = ({ name, id }: Known): boolean => {
    const { registeredVariables } = engine();
    return (
      id !== undefined && (!Object.hasOwn(registeredVariables, name) || registeredVariables[name]?.id !== id)
    );
  };
  return {
    isCurrent: (variables) =>
      variables.length === current.length && variables.every(({ id }, i) => id === current[i]),
    dropGone() {
      const gone = [...known.values()].filter(isGone).map(({ name }) => name);
      for (const name of gone) known.delete(name);
      return gone;
    },
    change(variables) {
      const unknown = variables.filter(({ name }) => !known.has(name));
      const loaded = [...known.values()].filter(
        ({ id, name }) => id === undefined && variables.every((variable) => variable.name !== name),
      );
      const claimed = counterparts(loaded, unknown);
      for (const name of claimed.keys()) known.delete(name);
      for (const { name, shape, id } of variables) known.set(name, { name, shape: [...shape], id });
      current = variables.map(({ id }) => id);
      return claimed;
    },
    load(variables) {
      for (const { name, shape } of variables)
        if (!known.has(name)) known.set(name, { name, shape, id: undefined });
    },
    waiting: () =>
      [...known.values()]
        .filter(({ id }) => id === undefined || !current.includes(id))
        .map(({ name, shape }) => ({ name, shape })),
  };
}
