import { paddedRange } from './axis-range.js';
import { linearAxis, logAxis, type Axis } from './axis.js';
import { figureOptionsSchema, gridOf, tickCounts, type Cell, type FigureOptions } from './figure.js';
import type { LegendEntry } from './legend.js';
import { metaTrainingSentences } from './meta-training-caption.js';
import {
  metaTrainingRecordSchema,
  type MetaTrainingRecord,
  type MetaTrainingRecordInput,
} from './meta-training-record.js';
import type { LineStyle } from './line-style.js';
import { optimizerStyle } from './optimizer-style.js';
import type { Panel, PanelLine } from './panel.js';
import { parseRecord } from './validate.js';

const TRAINING: LineStyle = { colour: '#7e89c1', ansi: 110, width: 1.6, dash: [] };
const VALIDATION: LineStyle = { ...optimizerStyle('psd', 'learned'), width: 2.6 };
const GRADIENT: LineStyle = { colour: '#864e00', ansi: 136, width: 1.6, dash: [] };

/**
 * Meta-training over epochs: training and validation loss in one panel, the meta-gradient's norm in a second
 * one where it was recorded. Epochs without validation are bridged; a non-finite value that was recorded is a
 * gap.
 *
 * @throws UserError if the record or the options break a rule of their schema.
 */
export async function metaTrainingFigure(
  record: MetaTrainingRecordInput,
  options: FigureOptions = {},
): Promise<string> {
  const training = parseRecord(
    'metaTrainingFigure',
    'meta-training record',
    metaTrainingRecordSchema,
    record,
  );
  const cells: Cell[] = [
    { title: training.title, subtitle: training.subtitle, panel: (size) => lossPanel(training, size) },
  ];
  const { metaGradientNorm } = training;
  if (metaGradientNorm !== undefined) {
    const line = { name: 'norm', style: GRADIENT, x: epochsOf(training), y: metaGradientNorm };
    cells.push({ title: 'Meta-gradient', panel: (size) => panelOf(training, 'norm', 'log', [line], size) });
  }
  const drawing = parseRecord('metaTrainingFigure', 'options object', figureOptionsSchema, {
    width: cells.length > 1 ? 980 : 760,
    ...options,
  });
  const entries: LegendEntry[] = [
    { name: 'training', style: TRAINING, value: '' },
    ...(training.validationLoss === undefined ? [] : [{ name: 'validation', style: VALIDATION, value: '' }]),
  ];
  return gridOf(
    cells,
    { ...drawing, columns: drawing.columns ?? cells.length },
    entries,
    metaTrainingSentences(training),
  );
}

function lossPanel(training: MetaTrainingRecord, size: { width: number; height: number }): Panel {
  const x = epochsOf(training);
  const lines: PanelLine[] = [{ name: 'training', style: TRAINING, x, y: training.trainLoss }];
  if (training.validationLoss !== undefined) {
    const measured = training.validationLoss.flatMap((value, i) =>
      Number.isNaN(value) ? [] : [[x[i] as number, value] as const],
    );
    lines.push({
      name: 'validation',
      style: VALIDATION,
      x: measured.map(([epoch]) => epoch),
      y: measured.map(([, value]) => value),
    });
  }
  return panelOf(training, training.lossLabel, training.yScale, lines, size);
}

function panelOf(
  training: MetaTrainingRecord,
  yLabel: string,
  yScale: 'log' | 'linear',
  lines: readonly PanelLine[],
  size: { width: number; height: number },
): Panel {
  const ticks = tickCounts(size);
  const epochs = epochsOf(training);
  const log = yScale === 'log';
  const shown = lines.map((line) => ({
    ...line,
    y: line.y.map((value) => (log && value <= 0 ? NaN : value)),
  }));
  return {
    xLabel: training.xLabel,
    yLabel,
    x: linearAxis(
      epochs.reduce((a, b) => Math.min(a, b)),
      epochs.reduce((a, b) => Math.max(a, b)),
      ticks.x,
    ),
    y: extentAxis(
      shown.flatMap(({ y }) => y.filter(Number.isFinite)),
      yScale,
      ticks.y,
    ),
    lines: shown,
    referenceLines:
      training.bestEpoch === undefined ? [] : [{ axis: 'x', value: training.bestEpoch, label: 'kept' }],
  };
}

function extentAxis(values: readonly number[], scale: 'log' | 'linear', count: number): Axis {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const axis = scale === 'log' ? logAxis : linearAxis;
  if (low > high) return axis(scale === 'log' ? 0.1 : 0, 1, count);
  return axis(...paddedRange(low, high, scale), count);
}

function epochsOf({ epochs, trainLoss }: MetaTrainingRecord): readonly number[] {
  return epochs ?? trainLoss.map((_, i) => i + 1);
}
