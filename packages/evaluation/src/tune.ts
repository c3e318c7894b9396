import { checkArgument, type Key, type OptimizerEntry, type TaskMap } from '@metadescent/core';
import { tuneOptimizer, type TuneOptions, type TuningReport } from '@metadescent/optimizers';
import type { Entrant } from './entrant.js';
import { scoreOf, type RaceResult, type RaceScore, type RaceTask } from './race.js';

export interface TuneEntrantOptions<Family = string> {
  /** Of optimizees that the race does not see. */
  readonly family: Family;
  /** One optimizee, start and stream of mini-batches for each: every candidate is tried on all of them. */
  readonly keys: readonly Key[];
  /** That of the race: the best settings for 100 steps are not those for 10. */
  readonly horizon: number;
  /** Runs tasks of the name `race`. */
  readonly map: TaskMap;
  /** Default `final`. */
  readonly score?: RaceScore;
  /** As in `tuneOptimizer`. Default 2. */
  readonly refinements?: TuneOptions['refinements'];
}

/** An entrant with its best settings, and the record of the search that found them. */
export interface TunedEntrant {
  /** Undefined if every candidate diverged: there are no settings to race with. */
  readonly entrant: Entrant | undefined;
  readonly report: TuningReport;
}

/**
 * Searches the axes of an entry (see `tuneOptimizer`) for an entrant, with its schedule where it has one: the
 * best rate under a schedule is another one.
 *
 * @param searched the axes of its entry
 */
export async function tuneEntrant<Family>(
  entrant: Entrant,
  searched: NonNullable<OptimizerEntry['searched']>,
  options: TuneEntrantOptions<Family>,
): Promise<TunedEntrant> {
  const advice =
    'pass an entrant such as that of entrantNamed, the axes of its entry, and { family, keys, horizon, map }';
  checkArgument('tuneEntrant', 'the entrant', entrant, ['label', 'specification'], advice);
  checkArgument('tuneEntrant', 'the options', options, ['family', 'keys', 'horizon', 'map'], advice);
  const { family, keys, horizon, map, score, refinements } = options;
  const { label, specification } = entrant;
  const report = await tuneOptimizer(
    { name: label, searched },
    async (trials) => {
      const results = await map<RaceTask<Family>, RaceResult>(
        'race',
        trials.map(({ options: values, taskIndex }) => ({
          optimizer: { ...specification, options: values },
          family,
          key: (keys[taskIndex] as Key).words,
          horizon,
          // The mean is of mini-batch objectives.
          trueObjectiveEvery: score === 'mean' ? 0 : horizon,
        })),
      );
      return results.map((result) => scoreOf(result, score));
    },
    { tasks: keys.length, ...(refinements !== undefined && { refinements }) },
  );
  const best = report.best && {
    ...entrant,
    specification: { ...specification, options: report.best.options },
  };
  return { entrant: best, report };
}
