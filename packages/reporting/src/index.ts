export {
  curveSetSchema,
  type CurveSeries,
  type CurveSet,
  type CurveSetInput,
  type OptimizerKind,
  type ReferenceLine,
} from './curve-set.js';
export { curveCaption } from './curve-caption.js';
export { CLIP_FACTOR, curveRange, LOG_DEPTH, type CurveRange } from './curve-axes.js';
export { curveFigure, figureGrid, figureOptionsSchema, type FigureOptions } from './figure.js';
export { metaTrainingFigure } from './meta-training-figure.js';
export {
  metaTrainingRecordSchema,
  type MetaTrainingRecord,
  type MetaTrainingRecordInput,
} from './meta-training-record.js';
export type { LineStyle, OwnStyle } from './line-style.js';
export {
  DISTINCT_UNKNOWN,
  optimizerStyle,
  optimizerStyles,
  type StyledOptimizer,
} from './optimizer-style.js';
export {
  resultTableSchema,
  tableWinners,
  type ResultTable,
  type ResultTableInput,
  type TableCell,
} from './result-table.js';
export { tuningRecordSchema, type TuningRecord, type TuningRecordInput } from './tuning-record.js';
export {
  outcomeCountsSchema,
  runFactsSchema,
  type OutcomeCounts,
  type OutcomeCountsInput,
  type RunFacts,
  type RunFactsInput,
} from './run-facts.js';
export {
  reportSchema,
  type Report,
  type ReportBlock,
  type ReportBlockInput,
  type ReportInput,
} from './report.js';
export { renderReport } from './report-html.js';
export { tableToCsv, toCsv } from './export-data.js';
export { toJson, type RecordedNumber } from './recorded-number.js';
export { formatDuration, formatEstimate, formatNumber, type Notation } from './number-format.js';
export { terminalPlot, terminalPlotOptionsSchema, type TerminalPlotOptions } from './terminal-plot.js';
export { terminalTable, terminalTableOptionsSchema, type TerminalTableOptions } from './terminal-table.js';
