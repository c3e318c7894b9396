import { UserError, type ParameterLayout } from '@metadescent/core';
import type { RecurrentPolicyState } from '@metadescent/guided-policy-search';
import type { PsdRecipe } from './meta-training-recipe.js';
import { networkOf, psdRuleSchema, type PsdWeights } from './psd-rule.js';

/**
 * The optimizer that a trained policy is: every group's network becomes the network of the group's role, to
 * be used on any layout.
 *
 * @param layout of the objective that the policy was trained on
 * @throws UserError if two groups have the same role (a net of four or more layers), or the policy was never fitted.
 */
export function weightsOfPolicy(
  { weights, whitening }: RecurrentPolicyState,
  layout: ParameterLayout,
  { hidden, gradientScale, normalisation }: Pick<PsdRecipe, 'hidden' | 'gradientScale' | 'normalisation'>,
): PsdWeights {
  if (!whitening) throw new UserError('weightsOfPolicy: the policy was never fitted; train it first');
  const last = Math.max(...layout.groups.map(({ layer }) => layer));
  const roles = layout.groups.map(({ layer, role }) => ({
    depth: layer === last ? ('last' as const) : layer === 0 ? ('first' as const) : ('hidden' as const),
    role: role === 'bias' || role === 'scale' ? ('bias' as const) : ('weight' as const),
  }));
  const rule = psdRuleSchema.parse({ hidden, gradientScale, normalisation, inputs: 'psi', networks: roles });
  layout.groups.forEach((group, g) => {
    if (networkOf(rule, layout, group) !== g)
      throw new UserError(
        `weightsOfPolicy: group "${group.name}" has the role of another group (${roles[g]!.depth} ${roles[g]!.role}); meta-train on a net with at most one group per role`,
      );
  });
  return {
    rule,
    lstm: weights,
    mean: whitening.mean,
    deviation: whitening.deviation,
    outputScale: whitening.outputScale,
  };
}
