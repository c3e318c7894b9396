import {
  checkArgument,
  optimizerNamed,
  optimizerRegistry,
  printable,
  UserError,
  type Optimizer,
  type OptimizerEntry,
} from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { pretrainedLstmEntries } from '@metadescent/lstm-optimizer';
import { baselineOptimizers } from '@metadescent/optimizers';
import { sharedEngine } from './shared-engine.js';

/** How a name becomes an optimizer: an entry of an optimizer registry, under whatever name it is given. */
export type RuleEntry = Pick<OptimizerEntry<KernelEngine>, 'create' | 'trainedHorizon'>;

const entries = new Map<string, RuleEntry>();
/** Rules that live in packages that need not be installed; moved to `entries` once loaded. */
const loaders = new Map<string, () => Promise<RuleEntry>>();

/**
 * Gives a rule a name: `new LearnedOptimizer(name)` finds it, and a model that was saved with it can be
 * loaded again. Replaces an earlier rule of that name.
 *
 * @throws UserError if the name is no text, or the entry has no `create`.
 * @example
 * registerRule('half-step', { create: () => sgd({ learningRate: 0.5 }) });
 * ruleNames().includes('half-step') // => true
 */
export function registerRule(name: string, entry: RuleEntry): void {
  if (typeof name !== 'string' || name === '')
    throw new UserError(
      `registerRule: the name must be a text, but is ${printable(String(name)) || 'empty'}; pass the name that LearnedOptimizer is to find the rule by`,
    );
  checkArgument(
    'registerRule',
    `the entry of "${printable(name)}"`,
    entry,
    ['create'],
    'pass { create: () => rule }',
  );
  entries.set(name, entry);
}

/** All names that `LearnedOptimizer` and `pretrained` take. */
export function ruleNames(): string[] {
  return [...new Set([...entries.keys(), ...loaders.keys()])];
}

/**
 * The entry of a name.
 *
 * @throws UserError if there is none, or if it has to be loaded first.
 */
export function ruleNamed(name: string): RuleEntry {
  const entry = entries.get(name);
  if (entry) return entry;
  if (loaders.has(name)) {
    throw new UserError(
      `the rule "${name}" is in a package of its own and is not loaded yet; \`await pretrained('${name}')\` once before you name it`,
    );
  }
  throw new UserError(
    `there is no rule "${printable(String(name))}"; choose one of ${ruleNames().join(', ')}, or give your own a name with registerRule`,
  );
}

/**
 * The learned optimizer with the shipped weights of this name: no path, no network. `l2l-…` come with this
 * package's dependencies; `psd` asks for the package
 * @metadescent/predicted-step-descent. Afterwards `new LearnedOptimizer(name)` finds it, too.
 *
 * @param options.engine what computes; WebAssembly by default
 * @throws UserError if there is no such name, or its package is not installed.
 * @example
 * (await pretrained('l2l-mnist')).name // => 'lstm'
 */
export async function pretrained(
  name: string,
  options: { readonly engine?: KernelEngine } = {},
): Promise<Optimizer> {
  const load = loaders.get(name);
  if (load && !entries.has(name)) entries.set(name, await load());
  return ruleNamed(name).create({ name }, () => options.engine ?? sharedEngine());
}

for (const entry of [...Object.values(baselineOptimizers), ...pretrainedLstmEntries])
  registerRule(entry.name, entry);

for (const name of ['psd', 'psd-normalised', 'psd-plus'] as const) {
  loaders.set(name, async () => {
    const { pretrainedPsdEntries } = await import('@metadescent/predicted-step-descent').catch(
      (error: unknown) => {
        throw new UserError(
          `pretrained: "${name}" needs the package @metadescent/predicted-step-descent (${(error as Error).message.split('\n')[0]}); npm install @metadescent/predicted-step-descent`,
        );
      },
    );
    return optimizerNamed(optimizerRegistry(pretrainedPsdEntries), name);
  });
}
