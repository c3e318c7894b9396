import { checkArgument, printable, UserError, type Optimizer } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { lstmOptimizer, pretrained as pretrainedLstm, pretrainedNames } from '@metadescent/lstm-optimizer';
import { baselineOptimizers, type BaselineName } from '@metadescent/optimizers';
import { sharedEngine } from './shared-engine.js';

/**
 * Whether each variable's coordinates can be stepped by themselves (`per-variable`), or the rule looks at all
 * of them together (`joint`): inner products, line searches, norms. The first kind keeps a slot per variable,
 * which is unmoved when other variables come and go.
 */
export type SlotKind = 'per-variable' | 'joint';

/** How a name becomes an optimizer. */
export interface RuleEntry {
  /** The optimizer; `options` are plain data, and undefined where none were given. */
  create(options: unknown, engine: () => KernelEngine): Optimizer;
  /** Default `joint`, which is right for every rule. */
  readonly slots?: SlotKind;
  /** Steps that its weights were trained for; absent for hand-made rules. */
  readonly horizon?: number | undefined;
}

const entries = new Map<string, RuleEntry>();
/** Rules that live in packages that need not be installed; moved to `entries` once loaded. */
const loaders = new Map<string, () => Promise<RuleEntry>>();

/**
 * Gives a rule a name: `new LearnedOptimizer(name)` finds it, and a model that was saved with it can be
 * loaded again. Replaces an earlier rule of that name.
 *
 * @throws UserError if the name is no text, or the entry has no `create`.
 * @example
 * registerRule('half-step', { create: () => sgd({ learningRate: 0.5 }), slots: 'per-variable' });
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
  return ruleNamed(name).create(undefined, () => options.engine ?? sharedEngine());
}

/** Rules of @metadescent/optimizers that use inner products over all coordinates. */
const jointBaselines: readonly BaselineName[] = ['conjugate-gradient', 'lbfgs'];

for (const [name, baseline] of Object.entries(baselineOptimizers)) {
  registerRule(name, {
    create: (options) => baseline.create(options ?? {}),
    slots: jointBaselines.includes(name as BaselineName) ? 'joint' : 'per-variable',
  });
}

for (const name of pretrainedNames) {
  // One of them is called by its prefix already.
  registerRule(name.startsWith('l2l-') ? name : `l2l-${name}`, {
    create(options, engine) {
      refuseOptions(options);
      const { rule, weights } = pretrainedLstm(name);
      return lstmOptimizer(rule, weights, engine());
    },
    slots: 'per-variable',
    // Read when it is asked for: importing this package should not decode weights that nobody uses.
    get horizon() {
      return trainedHorizon(pretrainedLstm(name).provenance);
    },
  });
}

/**
 * The longest unroll of the recipe in a weights file's metadata; `standard` where the recipe records only
 * what differs from a default.
 */
function trainedHorizon({ config }: Readonly<Record<string, string>>, standard = 0): number | undefined {
  if (config === undefined) return undefined;
  const { recipe } = JSON.parse(config) as {
    recipe?: { horizon?: number; curriculum?: { horizon: number }[] };
  };
  const horizons = [recipe?.horizon ?? standard, ...(recipe?.curriculum ?? []).map((stage) => stage.horizon)];
  return Math.max(...horizons) || undefined;
}

for (const name of ['psd', 'psd-normalised', 'psd-plus'] as const) {
  loaders.set(name, async () => {
    const psd = await import('@metadescent/predicted-step-descent').catch((error: unknown) => {
      throw new UserError(
        `pretrained: "${name}" needs the package @metadescent/predicted-step-descent (${(error as Error).message.split('\n')[0]}); npm install @metadescent/predicted-step-descent`,
      );
    });
    // Its networks go by the place of a layer among all layers: joint.
    const { weights, provenance } = psd.pretrained(name);
    return {
      create(options, engine) {
        refuseOptions(options);
        return psd.predictedStepDescent(weights, engine());
      },
      slots: 'joint',
      horizon: trainedHorizon(provenance, psd.parsePsdRecipe({}).horizon),
    };
  });
}

/** Shipped weights are what they are: an option that changed nothing would be believed to have. */
function refuseOptions(options: unknown): void {
  if (
    options === undefined ||
    (typeof options === 'object' && options !== null && Object.keys(options).length === 0)
  )
    return;
  const given = printable(JSON.stringify(options) ?? typeof options, 200);
  throw new UserError(
    `rules with shipped weights take no options, but ${given} was given; leave it out, or take a hand-made rule, as { name: 'adam', options }`,
  );
}
