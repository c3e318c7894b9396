import type { RunRecord } from '@metadescent/runtime';
import type { RunOf } from './training-run.js';

/**
 * A run folder's contents with the timing of two processes: 20 seconds, and 5 after it was resumed. Its
 * config passes for that of any report.
 */
export function runRecord(
  config: object,
  metrics: RunRecord['metrics'],
  outcome?: RunRecord['outcome'],
): RunOf<never> {
  return {
    config: config as never,
    metrics,
    environments: [
      {
        node: 'v20',
        platform: 'linux-x64',
        cpu: 'some',
        cores: 2,
        engine: 'twin',
        packages: { '@metadescent/kernels': '0.1.0' },
      },
    ],
    timing: [{ seconds: 10 }, { seconds: 20 }, { seconds: 5 }],
    outcome,
  };
}
