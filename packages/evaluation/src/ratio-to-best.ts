import { mean, ratioOfMeans, type OptimizerClass } from '@metadescent/core';
import { scoreOf, type RaceColumn } from './race.js';

/** A learned optimizer against the best baseline that is counted, on the same optimizees. */
export interface RatioToBest {
  /** Label of the learned optimizer. */
  readonly learned: string;
  /** Label of the baseline with the lowest mean. */
  readonly bestBaseline: string;
  /** The class that this one is of. */
  readonly bestOf: OptimizerClass;
  /** Mean final objective of the learned one / that of the best baseline; NaN if either did not finish everywhere. */
  readonly ratio: number;
  /** By the delta method, see `ratioOfMeans`. */
  readonly ratioStandardError: number;
}

/** What is counted: line searches evaluate their mini-batch several times per step. */
const COUNTED: readonly OptimizerClass[] = ['papers', 'today'];

/**
 * The ratio of every learned entrant's mean final objective to the best baseline's, in the order of the
 * entrants; none where there is no baseline that is counted.
 *
 * @param counted the classes among which the best is looked for; line searches are left out by default
 */
export function ratiosToBest(
  columns: readonly RaceColumn[],
  counted: readonly OptimizerClass[] = COUNTED,
): RatioToBest[] {
  const scored = columns.map(({ entrant, results }) => ({
    entrant,
    finals: results.map((result) => scoreOf(result)),
  }));
  const baselines = scored.filter(({ entrant }) => counted.includes(entrant.class));
  const [first, ...others] = baselines;
  if (!first) return [];
  const best = others.reduce((a, b) => (mean(b.finals) < mean(a.finals) ? b : a), first);
  return scored
    .filter(({ entrant }) => entrant.class === 'learned')
    .map(({ entrant, finals }) => {
      const { value, standardError } = ratioOfMeans(finals, best.finals);
      return {
        learned: entrant.label,
        bestBaseline: best.entrant.label,
        bestOf: best.entrant.class,
        // A finite mean over an infinite one would be 0.
        ratio: [...finals, ...best.finals].every(Number.isFinite) ? value : NaN,
        ratioStandardError: standardError,
      };
    });
}
