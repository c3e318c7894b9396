import { mean, standardError, summariseCurves } from '@metadescent/core';
import type { OptimizerKind } from '@metadescent/reporting';
import type { ArenaResult, Column } from './race-arenas.js';
import type { Panel, PanelEntry } from './record-schema.js';

/** Iterations between two points of a drawn curve; final values and means are of all iterations. */
const DRAWN_EVERY = 5;

/** The first `horizon` iterations of an arena's rollouts. */
export function panelOf({ columns }: Pick<ArenaResult, 'columns'>, horizon: number): Panel {
  const steps = Array.from({ length: Math.floor(horizon / DRAWN_EVERY) + 1 }, (_, i) => i * DRAWN_EVERY);
  return { steps, entries: columns.map((column) => entryOf(column, horizon, steps)) };
}

function entryOf(
  { optimizer, kind, objectives }: Column,
  horizon: number,
  steps: readonly number[],
): PanelEntry {
  const finals = objectives.map((curve) => finiteOr(curve[horizon] as number));
  return {
    optimizer,
    kind,
    ...summariseCurves(objectives.map((curve) => steps.map((t) => curve[t] as number))),
    finals,
    means: objectives.map((curve) => finiteOr(mean(curve.slice(1, horizon + 1)))),
    nonFinite: finals.filter((value) => value === Infinity).length,
    aboveStart: finals.filter((value, s) => value < Infinity && value > (objectives[s]?.[0] as number))
      .length,
  };
}

function finiteOr(value: number): number {
  return Number.isFinite(value) ? value : Infinity;
}

/** What a panel is won by. */
export type Criterion = 'finals' | 'means';

export interface Winner {
  readonly optimizer: string;
  /** Whether the paired difference to the second best, over seeds, is more than two standard errors. */
  readonly clear: boolean;
}

/**
 * The optimizer with the lowest mean over seeds; one with a rollout that was not finite cannot win. Undefined
 * if none was finite throughout.
 */
export function winnerOf({ entries }: Panel, criterion: Criterion): Winner | undefined {
  const [best, second] = entries
    .filter((entry) => entry[criterion].every(Number.isFinite))
    .sort((a, b) => mean(a[criterion]) - mean(b[criterion]));
  if (!best) return undefined;
  if (!second) return { optimizer: best.optimizer, clear: true };
  const differences = second[criterion].map((value, s) => value - (best[criterion][s] as number));
  return { optimizer: best.optimizer, clear: mean(differences) > 2 * standardError(differences) };
}

/** One optimizer over all panels that count. */
export interface Tally {
  readonly optimizer: string;
  readonly kind: OptimizerKind;
  /** Panels in which it is lowest, and in how many of these clearly. */
  readonly finals: { readonly won: number; readonly clearly: number };
  readonly means: { readonly won: number; readonly clearly: number };
  /**
   * For versions of Predicted Step Descent: panels in which it is below every optimizer that is none. Absent
   * for the others.
   */
  readonly aheadOfOthers?: { readonly finals: number; readonly means: number };
  /** Mean place in the panels by the final objective, from 1; ties and rollouts that were not finite come last. */
  readonly meanRank: number;
  readonly rollouts: number;
  readonly nonFinite: number;
  readonly aboveStart: number;
}

/** PSD, PSD-N, PSD+: what is compared with the others, one at a time. */
function isVersionOfPsd(optimizer: string): boolean {
  return optimizer.startsWith('PSD');
}

/** Counts the panels that each optimizer wins, and the rollouts that it diverges in. */
export function tallyOf(panels: readonly Panel[]): Tally[] {
  const winners = {
    finals: panels.map((panel) => winnerOf(panel, 'finals')),
    means: panels.map((panel) => winnerOf(panel, 'means')),
  };
  return (panels[0]?.entries ?? []).map(({ optimizer, kind }): Tally => {
    const own = panels.map(
      ({ entries }) => entries.find((entry) => entry.optimizer === optimizer) as PanelEntry,
    );
    const wins = (criterion: Criterion) => {
      const won = winners[criterion].filter((winner) => winner?.optimizer === optimizer);
      return { won: won.length, clearly: won.filter((winner) => winner?.clear).length };
    };
    const ahead = (criterion: Criterion) =>
      panels.filter(({ entries }, p) =>
        entries.every(
          (other) =>
            isVersionOfPsd(other.optimizer) ||
            mean((own[p] as PanelEntry)[criterion]) < mean(other[criterion]),
        ),
      ).length;
    const ranks = panels.map(
      ({ entries }, p) =>
        1 +
        entries.filter(
          (other) =>
            other.optimizer !== optimizer && !(mean(other.finals) > mean((own[p] as PanelEntry).finals)),
        ).length,
    );
    return {
      optimizer,
      kind,
      finals: wins('finals'),
      means: wins('means'),
      ...(isVersionOfPsd(optimizer) && { aheadOfOthers: { finals: ahead('finals'), means: ahead('means') } }),
      meanRank: mean(ranks),
      rollouts: own.reduce((sum, { finals }) => sum + finals.length, 0),
      nonFinite: own.reduce((sum, entry) => sum + entry.nonFinite, 0),
      aboveStart: own.reduce((sum, entry) => sum + entry.aboveStart, 0),
    };
  });
}
