import { mean } from '@metadescent/core';
import type { CurveSetInput, ReportBlockInput } from '@metadescent/reporting';
import { CONTROLLER } from './control-problem.js';
import type { ControlConfig, ControlMetrics, GroupMetrics } from './control-record.js';

type Series = CurveSetInput['series'][number];

/** The course of one stage: costs, the trust region, the dual variables, and how much the controllers explore. */
export function courseOf(
  { name, policy, options }: Pick<ControlConfig['stages'][number], 'name' | 'policy' | 'options'>,
  records: readonly ControlMetrics[],
): ReportBlockInput[] {
  const steps = records.map(({ iteration }) => iteration + 1);
  const line = (
    optimizer: string,
    of: (record: ControlMetrics) => number | undefined,
    kind: Series['kind'] = 'hand-made',
  ): Series => ({
    optimizer,
    kind,
    mean: records.map((record) => of(record) ?? NaN),
    steps,
  });
  const overGroups =
    (of: (group: GroupMetrics) => number | undefined, pool: (values: readonly number[]) => number) =>
    (record: ControlMetrics) =>
      pool(Object.values(record.groups).map((group) => of(group) ?? NaN));
  const panel = (title: string, yScale: 'log' | 'linear', series: Series[]): CurveSetInput => ({
    title,
    xLabel: 'iteration',
    yLabel: title,
    yScale,
    series,
  });
  const taught = policy.kind !== 'none';
  const bregman = taught && options.nu.initial !== 0;
  return [
    {
      type: 'curves',
      curves: {
        ...panel(`${name}: cost per trial`, 'log', [
          {
            ...line(`${CONTROLLER} with noise`, ({ sampledCost, groups }) => sampledCost / countOf(groups)),
            standardError: records.map(({ sampledCostError, groups }) => sampledCostError / countOf(groups)),
          },
          line(CONTROLLER, ({ controllerCost }) => controllerCost),
          line(
            'model prediction',
            overGroups(({ predictedAfter }) => predictedAfter, mean),
          ),
          ...(taught ? [line(name, ({ policyCost }) => policyCost, 'learned')] : []),
        ]),
        notes: [
          'With noise: the samples that the iteration started from. Controller and policy: without noise, after the iteration, on the same trials every time. ' +
            'Model prediction: what the fitted model expects of the new controllers, noise included, before the acceptance test.',
        ],
      },
    },
    {
      type: 'curve-grid',
      title: `${name}: trust region, dual variables and exploration`,
      columns: 3,
      panels: [
        {
          ...panel('KL to the old controller, × bound', 'log', [
            line(
              CONTROLLER,
              overGroups(({ searchKl, epsilon }) => (searchKl ?? NaN) / epsilon, largest),
            ),
          ]),
          referenceLines: [{ axis: 'y', value: 1, label: 'bound' }],
        },
        panel('bound on the KL, nats', 'log', [
          line(
            CONTROLLER,
            overGroups(({ epsilon }) => epsilon, mean),
          ),
        ]),
        panel('η', 'log', [
          line(
            CONTROLLER,
            overGroups(({ eta }) => eta, geometricMean),
          ),
        ]),
        panel('step multiplier', 'log', [line(CONTROLLER, ({ stepMultiplier }) => stepMultiplier)]),
        panel('entropy per step, nats', 'linear', [
          line(
            CONTROLLER,
            overGroups(({ entropy }) => entropy, mean),
          ),
        ]),
        panel('unexplained variance of the dynamics', 'log', [
          line(
            CONTROLLER,
            overGroups(({ unexplained }) => unexplained, mean),
          ),
        ]),
        ...(taught
          ? [
              panel('KL to the policy per step, nats', 'log', [
                line(
                  CONTROLLER,
                  overGroups(({ policyKl }) => policyKl, mean),
                ),
              ]),
            ]
          : []),
        ...(bregman
          ? [
              panel('ν, mean over time', 'log', [
                line(
                  CONTROLLER,
                  overGroups(({ nu }) => nu, mean),
                ),
              ]),
              panel('λ, root mean square over time', 'linear', [
                line(
                  CONTROLLER,
                  overGroups(({ lambda }) => lambda, mean),
                ),
              ]),
            ]
          : []),
      ],
    },
  ];
}

function countOf(groups: ControlMetrics['groups']): number {
  return Object.keys(groups).length;
}

function largest(values: readonly number[]): number {
  return Math.max(...values);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}
