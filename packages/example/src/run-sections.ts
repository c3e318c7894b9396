import type { ReportInput } from '@metadescent/reporting';
import type { RunRecord } from '@metadescent/runtime';
import { commandText } from './command-text.js';
import type { RunOf } from './training-run.js';

/** How far a run has come, as the first sentence of its report; `done` is such as `3 epochs`. */
export function statusSentence({ outcome }: Pick<RunRecord, 'outcome'>, done: string): string {
  return outcome?.status === 'finished'
    ? `The run finished after ${done}.`
    : `The run is under way or was stopped: ${done} so far.`;
}

/** @example counted(1, 'epoch') // => '1 epoch' */
export function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The last section of a training run's report: what ran, the command that repeats it, and `more` facts. */
export function repeatSection(
  {
    config,
    environments,
    timing,
  }: RunOf<{ readonly experiment: string; readonly preset: string; readonly seed: number }>,
  more?: Readonly<Record<string, string>>,
): ReportInput['sections'][number] {
  const { experiment, preset, seed } = config;
  const last = environments.at(-1);
  return {
    heading: 'How to repeat it',
    blocks: [
      {
        type: 'run',
        facts: {
          engine: last?.engine ?? 'unknown',
          versions: last?.packages ?? {},
          seed,
          wallTimeSeconds: wallTime(timing),
          command: commandText('train', experiment, '--preset', preset, '--seed', String(seed)),
          ...(more && { more }),
        },
      },
    ],
  };
}

/**
 * Seconds over all processes that worked on a run: the clock of the timing records starts at 0 in each of
 * them, so where it goes back a run was resumed.
 */
export function wallTime(timing: RunRecord['timing']): number {
  const clock = timing.map(({ seconds }) => Number(seconds));
  return clock.reduce((sum, now, i) => sum + now - (i > 0 && now >= clock[i - 1]! ? clock[i - 1]! : 0), 0);
}
