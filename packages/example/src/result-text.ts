import {
  curveCaption,
  curveSetSchema,
  terminalPlot,
  terminalTable,
  type CurveSetInput,
  type ResultTableInput,
} from '@metadescent/reporting';
import type { EvaluationResult } from './evaluation-record.js';
import { curvesOf, findingsOf, tableOf } from './evaluation-report.js';
import { terminalOf, wrapped, type Terminal } from './terminal.js';

/** Prints the plot, the table and the comparison of one experiment on standard output. */
export function printResult(result: EvaluationResult): void {
  process.stdout.write(`\n${resultText(result, terminalOf(process.stdout))}\n`);
}

/** The plot, its caption, the table and the comparison of one experiment. */
export function resultText(result: EvaluationResult, terminal: Terminal): string {
  const curves = curvesOf(result);
  const caption = curveCaption(curveSetSchema.parse(curves)).map((line) => wrapped(line, terminal));
  return [
    plotText(curves, terminal),
    caption.join('\n'),
    tableText(tableOf(result), terminal),
    findingsOf(result)
      .map((line) => wrapped(line, terminal))
      .join('\n'),
  ].join('\n\n');
}

/** The plot; where there is no room for one, a list of what it would show. */
export function plotText(curves: CurveSetInput, { width, colour }: Terminal): string {
  return terminalPlot(curves, { width: Math.min(width, 120), height: 18, colour });
}

export function tableText(table: ResultTableInput, { width, colour }: Terminal, widest = 120): string {
  return terminalTable(table, { width: Math.min(width, widest), colour });
}
