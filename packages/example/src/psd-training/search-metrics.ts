import { mean } from '@metadescent/core';
import type { GroupRecord } from '@metadescent/guided-policy-search';
import type { PsdRecord } from '@metadescent/predicted-step-descent';

/**
 * What an iteration of the search or a round of distillation leaves in `metrics.jsonl`. Costs and
 * improvements are means over the T + 1 points of a rollout; a group's own numbers are called `<group>/…`.
 *
 * @param horizon T
 */
export function searchMetrics(record: PsdRecord, horizon: number): Record<string, number> {
  const perStep = (sum: number) => sum / (horizon + 1);
  if (record.kind === 'distillation')
    return {
      policy: perStep(record.policyCost),
      controller: perStep(record.controllerCost),
      teacher: perStep(record.teacherCost),
      regressionLoss: record.loss.after,
    };
  const { sampledCost, acceptance, policyCost, stepMultiplier, dropped, groups } = record.iteration;
  return {
    sampled: perStep(sampledCost),
    ...(acceptance && {
      controller: perStep(acceptance.after),
      acceptedFraction: acceptance.fraction,
      improvement: perStep(acceptance.before - acceptance.after),
      predictedImprovement: perStep(
        groups.reduce(
          (sum, { predictedBefore, predictedAfter }) => sum + predictedBefore - predictedAfter,
          0,
        ),
      ),
    }),
    ...(policyCost !== undefined && { policy: perStep(policyCost) }),
    stepMultiplier,
    dropped,
    ...Object.fromEntries(
      groups.flatMap((group) =>
        Object.entries(groupMetrics(group)).map(([name, value]) => [`${group.name}/${name}`, value]),
      ),
    ),
  };
}

/** Of a group: what varies over time as its mean (ν, unexplained variance) or root mean square (λ). */
function groupMetrics({
  kl,
  epsilon,
  entropy,
  outcome,
  nu,
  lambda,
  unexplained,
}: GroupRecord): Record<string, number> {
  return {
    kl,
    epsilon,
    entropy,
    nu: mean(nu),
    lambda: Math.sqrt(mean(lambda.map((x) => x * x))),
    ...(outcome && 'eta' in outcome && { eta: outcome.eta }),
    ...(unexplained && { unexplained: mean(unexplained) }),
  };
}
