import { readFileSync } from 'node:fs';

/**
 * The direction of the arrows between the packages: who may import whom. ESLint enforces this table on every import
 * (`@nx/enforce-module-boundaries` over the `type:` tags), and the spec beside it holds it against the project graph.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const arrows = JSON.parse(readFileSync(new URL('../arrows.json', import.meta.url), 'utf8'));

/**
 * Constraints in the form that `@nx/enforce-module-boundaries` takes: the arrows, and pure packages that
 * stand on pure ones only.
 */
export const depConstraints = [
  ...Object.entries(arrows).map(([type, targets]) => ({
    sourceTag: `type:${type}`,
    onlyDependOnLibsWithTags: targets.map((target) => `type:${target}`),
  })),
  { sourceTag: 'platform:pure', onlyDependOnLibsWithTags: ['platform:pure'] },
  { sourceTag: 'platform:node', onlyDependOnLibsWithTags: ['platform:pure', 'platform:node'] },
];
