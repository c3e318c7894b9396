import type { Optimizer } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { ruleNamed, slotKindOf, type SlotKind } from './rule-registry.js';

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
  readonly slots: SlotKind;
  readonly horizon: number | undefined;
}

/**
 * Makes the rule that a reference names.
 *
 * @throws UserError if there is no rule of that name.
 */
export function resolveRule(reference: RuleReference, engine: () => KernelEngine): ResolvedRule {
  if (typeof reference === 'object' && 'update' in reference) {
    return { rule: reference, label: reference.name, name: undefined, options: undefined, slots: slotKindOf(reference), horizon: undefined };
  }
  const { name, options = undefined } = typeof reference === 'string' ? { name: reference } : reference;
  const entry = ruleNamed(name);
  return { rule: entry.create(options, engine), label: name, name, options, slots: entry.slots ?? 'joint', horizon: entry.horizon };
}
