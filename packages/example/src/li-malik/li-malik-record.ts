import type { TuningRecordInput } from '@metadescent/reporting';
import { TRAINING_HORIZON } from './l2l-experiment.js';
import type { MissingDataset } from './data-sets.js';
import { panelOf, tallyOf, type Panel, type Tally } from './panel.js';
import type { ArenaResult } from './race-arenas.js';
import { arenaName, arenaOf, liMalikSettings, ROLLOUT_STEPS, trainingArena, type LiMalikSetting } from './settings.js';

/** A data set that was raced on. */
export interface DatasetFacts {
  readonly id: string;
  readonly title: string;
  readonly inPaper: boolean;
  readonly examples: number;
  readonly classes: number;
}

/** One figure: a setting and its panels, in the order of the data sets. */
export interface FigureRecord {
  readonly number: LiMalikSetting['number'];
  readonly panels: readonly (Panel & { readonly dataset: string })[];
}

/** Beyond the horizon of meta-training: one optimizer in one arena. */
export interface BeyondRecord {
  readonly arena: string;
  readonly optimizer: string;
  /** Mean over seeds at the horizon and at twice the horizon; NaN if a rollout was not finite there. */
  readonly atHorizon: number;
  readonly atTwice: number;
  readonly nonFinite: number;
  readonly aboveStart: number;
}

/** Everything that a run found out: the report, the terminal and the tables for the documentation are functions of it. */
export interface LiMalikRecord {
  readonly facts: { readonly seed: number; readonly seeds: number; readonly engine: string; readonly wallTimeSeconds: number; readonly command: string };
  readonly datasets: readonly DatasetFacts[];
  readonly missing: readonly MissingDataset[];
  readonly tuning: readonly TuningRecordInput[];
  /** Fresh starts of the objective that everything was trained and tuned on. */
  readonly training: Panel;
  readonly figures: readonly FigureRecord[];
  /** The learned optimizers at twice the horizon of meta-training, in every arena. */
  readonly beyond: readonly BeyondRecord[];
}

/** The record of these results. */
export function recordOf(
  parts: Pick<LiMalikRecord, 'facts' | 'datasets' | 'missing' | 'tuning'> & { readonly settings: readonly LiMalikSetting[]; readonly results: readonly ArenaResult[] },
): LiMalikRecord {
  const { settings, results, ...rest } = parts;
  const resultOf = (name: string): ArenaResult => results.find(({ arena }) => arenaName(arena) === name) as ArenaResult;
  return {
    ...rest,
    training: panelOf(resultOf(arenaName(trainingArena)), TRAINING_HORIZON),
    figures: settings.map((setting) => ({
      number: setting.number,
      panels: rest.datasets.map(({ id }) => ({ dataset: id, ...panelOf(resultOf(arenaName(arenaOf(setting, id))), setting.horizon) })),
    })),
    beyond: results.flatMap(beyondOf),
  };
}

function beyondOf(result: ArenaResult): BeyondRecord[] {
  const [near, far] = [panelOf(result, TRAINING_HORIZON), panelOf(result, ROLLOUT_STEPS)];
  return far.entries.flatMap((entry, i): BeyondRecord[] => {
    if (entry.kind !== 'learned') return [];
    const { optimizer, nonFinite, aboveStart } = entry;
    const meanFinal = (finals: readonly number[]) => finals.reduce((sum, f) => sum + f, 0) / finals.length;
    const finiteOrNaN = (value: number) => (Number.isFinite(value) ? value : NaN);
    const atHorizon = finiteOrNaN(meanFinal(near.entries[i]?.finals ?? []));
    return [{ arena: arenaName(result.arena), optimizer, atHorizon, atTwice: finiteOrNaN(meanFinal(entry.finals)), nonFinite, aboveStart }];
  });
}

/** The setting of a figure. */
export function settingOf({ number }: FigureRecord): LiMalikSetting {
  return liMalikSettings.find((setting) => setting.number === number) as LiMalikSetting;
}

/** The panels that the paper has too. */
export function paperPanels({ figures, datasets }: LiMalikRecord): Panel[] {
  const counted = new Set(datasets.filter(({ inPaper }) => inPaper).map(({ id }) => id));
  return figures.flatMap(({ panels }) => panels.filter(({ dataset }) => counted.has(dataset)));
}

/** The optimizers over the panels that the paper has too. */
export function paperTally(record: LiMalikRecord): Tally[] {
  return tallyOf(paperPanels(record));
}
