import { curveCaption, curveSetSchema, terminalPlot, terminalTable } from '@metadescent/reporting';
import type { EvaluationResult } from './evaluation-record.js';
import { findingsOf, curvesOf, tableOf } from './evaluation-report.js';

/** Prints the plot, the table and the comparison of one experiment on standard output. */
export function printResult(result: EvaluationResult): void {
  const width = Math.min(process.stdout.columns ?? 100, 120);
  const colour = process.stdout.isTTY === true;
  const curves = curveSetSchema.parse(curvesOf(result));
  const plot = terminalPlot(curves, { width, height: 18, colour });
  const table = terminalTable(tableOf(result), { width, colour });
  process.stdout.write(`\n${plot}\n\n${curveCaption(curves).join('\n')}\n\n${table}\n\n${findingsOf(result).join('\n')}\n`);
}
