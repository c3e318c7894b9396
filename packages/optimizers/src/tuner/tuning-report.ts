import { checkArgument } from '@metadescent/core';
import type { Candidate } from './trial.js';

/** An axis on whose end the optimum lies. */
export interface EdgeOptimum {
  readonly axis: string;
  readonly side: 'lower' | 'upper';
  /** The optimum's value on that axis. */
  readonly value: number;
}

/** How sure the optimum is. */
export type TuningOutcome =
  /** Every neighbour of the optimum (grid), or both sides of it (random search), was tried and is not better. */
  | { readonly kind: 'interior' }
  /** The optimum lies at a stated bound of these axes, beyond which the search must not go. */
  | { readonly kind: 'at-bound'; readonly edges: readonly EdgeOptimum[] }
  /**
   * Random search only: the optimum lies near the end of the range of these axes; a wider range may hold a
   * better one.
   */
  | { readonly kind: 'near-edge'; readonly edges: readonly EdgeOptimum[] }
  /** Every candidate diverged on some task. */
  | { readonly kind: 'all-diverged' };

/** Where one axis was searched. */
export interface SearchedAxis {
  readonly name: string;
  /** The first grid, ascending; for random search, the two ends of the range. */
  readonly initial: readonly number[];
  /** Grid values added below it, ascending. */
  readonly extendedBelow: readonly number[];
  /** Grid values added above it, ascending. */
  readonly extendedAbove: readonly number[];
}

/** The record of a search: everything that was tried. */
export interface TuningReport {
  readonly optimizer: string;
  readonly method: 'grid' | 'random';
  readonly tasks: number;
  readonly axes: readonly SearchedAxis[];
  /** The winner; undefined if all candidates diverged. */
  readonly best: Candidate | undefined;
  readonly outcome: TuningOutcome;
  /** In the order of their evaluation. */
  readonly candidates: readonly Candidate[];
  /** Runs in all: candidates times tasks. */
  readonly trials: number;
  /** Runs that diverged. */
  readonly divergedTrials: number;
  /** Candidates that diverged on at least one task, and so count as +∞. */
  readonly divergedCandidates: number;
}

/** Counts what there is to count. */
export function summariseSearch(
  search: Pick<TuningReport, 'optimizer' | 'method' | 'tasks' | 'axes' | 'best' | 'outcome' | 'candidates'>,
): TuningReport {
  const { candidates, tasks } = search;
  return {
    ...search,
    trials: candidates.length * tasks,
    divergedTrials: candidates.reduce((sum, { diverged }) => sum + diverged, 0),
    divergedCandidates: candidates.filter(({ diverged }) => diverged > 0).length,
  };
}

/** A sentence for people: how far the optimum can be trusted, and what to try. */
export function describeTuningOutcome(outcome: TuningOutcome): string {
  checkArgument(
    'describeTuningOutcome',
    'the outcome',
    outcome,
    ['kind'],
    'pass the outcome of a tuning report',
  );
  switch (outcome.kind) {
    case 'interior':
      return 'interior: values on all sides of the optimum were tried and are not better';
    case 'at-bound':
      return `at a bound: the optimum has ${listed(outcome.edges)}; the axis allows nothing beyond it`;
    case 'near-edge':
      return `near an edge: the optimum has ${listed(outcome.edges)}; widen the range of the search and repeat it`;
    case 'all-diverged':
      return 'all diverged: no candidate finished every task with a finite score; check the objective, or search smaller values';
  }
}

function listed(edges: readonly EdgeOptimum[]): string {
  return edges.map(({ axis, side, value }) => `${axis} = ${value} at the ${side} end`).join(' and ');
}
