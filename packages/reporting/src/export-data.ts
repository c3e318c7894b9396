import { curveSetSchema, stepsOf, type CurveSetInput } from './curve-set.js';
import { resultTableSchema, type ResultTableInput } from './result-table.js';
import { parseRecord } from './validate.js';

/**
 * Curves as CSV (RFC 4180), one line per optimizer and step, at full precision:
 * `optimizer,kind,step,mean,standard_error,count`. Missing values are empty; non-finite ones are `NaN`,
 * `Infinity`, `-Infinity`.
 *
 * @throws UserError if the curves break a rule of their schema.
 * @example
 * toCsv({ title: 'Race', series: [{ optimizer: 'adam', kind: 'hand-made', mean: [2], standardError: [0.5], count: 4 }] })
 * // => 'optimizer,kind,step,mean,standard_error,count\r\nadam,hand-made,0,2,0.5,4\r\n'
 */
export function toCsv(curveSet: CurveSetInput): string {
  const { series } = parseRecord('toCsv', 'set of curves', curveSetSchema, curveSet);
  const rows = series.flatMap((s) => {
    const steps = stepsOf(s);
    return s.mean.map((mean, i) => [
      s.optimizer,
      s.kind,
      steps[i],
      mean,
      s.standardError?.[i],
      Array.isArray(s.count) ? (s.count as readonly number[])[i] : (s.count as number | undefined),
    ]);
  });
  return csv([['optimizer', 'kind', 'step', 'mean', 'standard_error', 'count'], ...rows]);
}

/**
 * A table as CSV: per column its values and, where a column has any, its standard errors.
 *
 * @throws UserError if the table breaks a rule of its schema.
 */
export function tableToCsv(resultTable: ResultTableInput): string {
  const table = parseRecord('tableToCsv', 'table', resultTableSchema, resultTable);
  const withError = table.columns.map((_, c) =>
    table.rows.some(({ cells }) => errorIn(cells[c]) !== undefined),
  );
  const header = table.columns.flatMap(({ name }, c) =>
    withError[c] ? [name, `${name} standard error`] : [name],
  );
  const rows = table.rows.map(({ name, cells }) => [
    name,
    ...cells.flatMap((cell, c) => {
      const value = 'text' in cell ? cell.text : cell.value;
      return withError[c] ? [value, errorIn(cell)] : [value];
    }),
  ]);
  return csv([[table.rowLabel, ...header], ...rows]);
}

function errorIn(cell: object | undefined): number | undefined {
  return cell !== undefined && 'standardError' in cell
    ? (cell.standardError as number | undefined)
    : undefined;
}

function csv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
