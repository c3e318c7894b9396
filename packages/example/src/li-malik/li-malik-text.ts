import { formatEstimate, type ResultTableInput } from '@metadescent/reporting';
import { plotText, tableText } from '../result-text.js';
import { wrapped, type Terminal } from '../terminal.js';
import { paperPanels, paperTally, settingOf } from './li-malik-record.js';
import { beyondTable, curvesOf, methodOf, summaryOf, tableOf, tallyTable } from './li-malik-report.js';
import type { LiMalikRecord } from './record-schema.js';

/** All tables of a run, in the order of the report. */
function tablesOf(record: LiMalikRecord): ResultTableInput[] {
  const { datasets, figures, training, beyond } = record;
  const panels = paperPanels(record).length;
  return [
    ...(panels > 0 ? [tallyTable(paperTally(record), panels)] : []),
    tableOf(
      'The training objective, fresh starts',
      [{ name: 'MNIST', panel: training }],
      ['finals', 'means'],
    ),
    ...figures
      .filter((figure) => figure.panels.length > 0)
      .map((figure) => {
        const columns = figure.panels.map((panel) => ({
          name: datasets.find(({ id }) => id === panel.dataset)?.title ?? panel.dataset,
          panel,
        }));
        return tableOf(`Figure ${figure.number}: ${settingOf(figure).title}`, columns, ['finals', 'means']);
      }),
    ...(beyond.length > 0 ? [beyondTable(record)] : []),
  ];
}

/** The curves of every panel and all tables, for a terminal. */
export function liMalikText(record: LiMalikRecord, terminal: Terminal): string {
  const plots = record.figures.flatMap((figure) =>
    figure.panels.map((panel) => {
      const title = record.datasets.find(({ id }) => id === panel.dataset)?.title ?? panel.dataset;
      return plotText(
        curvesOf(panel, `Figure ${figure.number}, ${title}`, settingOf(figure).title),
        terminal,
      );
    }),
  );
  const tables = tablesOf(record).map((table) => tableText(table, terminal, 160));
  return [...plots, ...tables, ...summaryOf(record).map((line) => wrapped(line, terminal))].join('\n\n');
}

/** The tables and the method as Markdown, for documentation. */
export function liMalikMarkdown(record: LiMalikRecord): string {
  return `${[...summaryOf(record), ...tablesOf(record).map(markdownTable), `## How it was done`, ...methodOf(record)].join('\n\n')}\n`;
}

function markdownTable({ title, caption, rowLabel = 'optimizer', columns, rows }: ResultTableInput): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const best = columns.map((column, c) => {
    const values = rows.map(({ cells }) => valueOf(cells[c]));
    return typeof column === 'string' && /final|mean/.test(column)
      ? Math.min(...values.filter(Number.isFinite))
      : NaN;
  });
  return [
    `## ${title}`,
    ...(caption === undefined ? [] : [caption]),
    [
      line([rowLabel, ...columns.map((column) => (typeof column === 'string' ? column : column.name))]),
      line(['---', ...columns.map(() => '---')]),
      ...rows.map(({ name, cells }) =>
        line([name, ...cells.map((cell, c) => cellText(cell, valueOf(cell) === best[c]))]),
      ),
    ].join('\n'),
  ].join('\n\n');
}

type Cell = ResultTableInput['rows'][number]['cells'][number];

function valueOf(cell: Cell | undefined): number {
  if (typeof cell === 'number') return cell;
  return typeof cell === 'object' && cell !== null && 'value' in cell ? Number(cell.value) : NaN;
}

function cellText(cell: Cell, best: boolean): string {
  if (typeof cell === 'string' && cell !== 'Infinity' && cell !== '-Infinity') return cell;
  if (typeof cell === 'object' && cell !== null && 'text' in cell) return cell.text;
  const text = formatEstimate(
    valueOf(cell),
    typeof cell === 'object' && cell !== null ? Number(cell.standardError) : undefined,
  );
  return best ? `**${text}**` : text;
}
