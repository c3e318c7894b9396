import { printable, UserError, type Optimizer } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { ruleNamed, ruleNames } from './rule-registry.js';

/** A rule: itself, or by name, with options as plain data where it takes any. */
export type RuleReference = Optimizer | string | { readonly name: string; readonly options?: unknown };

/** A rule, ready to run, and what is known of it. */
export interface ResolvedRule {
  readonly rule: Optimizer;
  /** For messages and for comparing saved states. */
  readonly label: string;
  /** The name that makes it again; undefined for an object. */
  readonly name: string | undefined;
  readonly options: unknown;
  readonly horizon: number | undefined;
}

/**
 * Makes the rule that a reference names.
 *
 * @param reference what the user gave; checked, because JavaScript lets anything pass
 * @throws UserError if it is no reference, if there is no rule of that name, or if the rule does not take the
 *   options.
 */
export function resolveRule(reference: RuleReference, engine: () => KernelEngine): ResolvedRule {
  if (isOptimizer(reference)) {
    return {
      rule: reference,
      label: reference.name,
      name: undefined,
      options: undefined,
      horizon: undefined,
    };
  }
  const { name, options = undefined } =
    typeof reference === 'string' ? { name: reference } : namedReference(reference);
  const entry = ruleNamed(name);
  const rule = refusalsNamed(name, () => entry.create({ name, options }, engine));
  return { rule, label: name, name, options, horizon: entry.trainedHorizon?.({ name }) };
}

function isOptimizer(reference: unknown): reference is Optimizer {
  if (typeof reference !== 'object' || reference === null) return false;
  const { name, init, update } = reference as Partial<Optimizer>;
  return typeof name === 'string' && typeof init === 'function' && typeof update === 'function';
}

function namedReference(reference: unknown): { readonly name: string; readonly options?: unknown } {
  const fields = typeof reference === 'object' && reference !== null ? Object.keys(reference) : undefined;
  const { name } = (fields ? reference : {}) as { name?: unknown };
  const foreign = fields?.filter((field) => field !== 'name' && field !== 'options') ?? [];
  if (typeof name === 'string' && foreign.length === 0) return reference as { name: string };
  const given =
    fields === undefined
      ? String(reference)
      : `an object with ${fields.length === 0 ? 'nothing in it' : printable(fields.join(', '))}`;
  throw new UserError(
    `new LearnedOptimizer: the first argument must be an optimizer, the name of one, or { name, options }, but is ${printable(given, 120)}; ` +
      `give one of the names ${ruleNames().join(', ')}`,
  );
}

/** An entry knows what it refuses, not under which name it was asked. */
function refusalsNamed<T>(name: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (error instanceof UserError)
      throw new UserError(`new LearnedOptimizer("${printable(name)}"): ${error.message}`);
    throw error;
  }
}
