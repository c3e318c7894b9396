import { TRAINING_HORIZON } from './l2l-experiment.js';
import { panelOf, tallyOf, type Tally } from './panel.js';
import type { ArenaResult } from './race-arenas.js';
import type { BeyondRecord, FigureRecord, LiMalikRecord, Panel } from './record-schema.js';
import {
  arenaName,
  arenaOf,
  liMalikSettings,
  ROLLOUT_STEPS,
  trainingArena,
  type LiMalikSetting,
} from './settings.js';

/** The record of these results. */
export function recordOf(
  parts: Pick<LiMalikRecord, 'facts' | 'datasets' | 'missing' | 'tuning'> & {
    readonly settings: readonly LiMalikSetting[];
    readonly results: readonly ArenaResult[];
  },
): LiMalikRecord {
  const { settings, results, ...rest } = parts;
  const resultOf = (name: string): ArenaResult =>
    results.find(({ arena }) => arenaName(arena) === name) as ArenaResult;
  return {
    kind: 'li-malik-figures',
    ...rest,
    training: panelOf(resultOf(arenaName(trainingArena)), TRAINING_HORIZON),
    figures: settings.map((setting) => ({
      number: setting.number,
      panels: rest.datasets.map(({ id }) => ({
        dataset: id,
        ...panelOf(resultOf(arenaName(arenaOf(setting, id))), setting.horizon),
      })),
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
    return [
      {
        arena: arenaName(result.arena),
        optimizer,
        atHorizon,
        atTwice: finiteOrNaN(meanFinal(entry.finals)),
        nonFinite,
        aboveStart,
      },
    ];
  });
}

/** The setting of a figure. */
export function settingOf({ number }: FigureRecord): LiMalikSetting {
  return liMalikSettings.find((setting) => setting.number === number) as LiMalikSetting;
}

/** The panels that the paper has too. */
export function paperPanels({ figures, datasets }: LiMalikRecord): Panel[] {
  const counted = new Set<string>(datasets.filter(({ inPaper }) => inPaper).map(({ id }) => id));
  return figures.flatMap(({ panels }) => panels.filter(({ dataset }) => counted.has(dataset)));
}

/** The optimizers over the panels that the paper has too. */
export function paperTally(record: LiMalikRecord): Tally[] {
  return tallyOf(paperPanels(record));
}
