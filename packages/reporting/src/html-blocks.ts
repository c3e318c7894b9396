import { captionSentences } from './curve-caption.js';
import { byFinalValue, stepsOf, type CurveSet } from './curve-set.js';
import { curveFigure, figureGrid, gridCaption } from './figure.js';
import { htmlTable, optimizerName, resultTableHtml, winnerMarkup, type HtmlColumn } from './html-table.js';
import { escapeMarkup } from './markup.js';
import { metaTrainingSentences } from './meta-training-caption.js';
import { metaTrainingFigure } from './meta-training-figure.js';
import type { MetaTrainingRecord } from './meta-training-record.js';
import { formatDuration, formatEstimate, formatNumber } from './number-format.js';
import type { LineStyle } from './line-style.js';
import type { ReportBlock } from './report.js';
import { resultTableSchema, type ResultTable } from './result-table.js';
import type { OutcomeCounts, RunFacts } from './run-facts.js';
import { nonFiniteCandidates, type TuningRecord } from './tuning-record.js';

/** What the blocks of one page share: one style per optimizer, and the numbers of figures and tables. */
export interface PageContext {
  readonly styles: ReadonlyMap<string, LineStyle>;
  nextNumber(kind: 'Figure' | 'Table'): number;
}

const WIDE = 900;
const NARROW = 360;

/** The markup of one block. */
export async function blockHtml(block: ReportBlock, page: PageContext): Promise<string> {
  switch (block.type) {
    case 'paragraph':
      return `<p>${escapeMarkup(block.text)}</p>\n`;
    case 'curves':
      return curvesHtml(block.curves, page);
    case 'curve-grid':
      return gridHtml(block, page);
    case 'table':
      return tableHtml(block.table, page);
    case 'tuning':
      return tuningHtml(block.records, page);
    case 'meta-training':
      return metaTrainingHtml(block.training, page);
    case 'run':
      return runHtml(block.facts);
    case 'outcomes':
      return outcomesHtml(block.outcomes, page);
  }
}

/** Figures come in two layouts, because letters that shrink with a picture cannot be read on a telephone. */
async function figureHtml(
  page: PageContext,
  title: string,
  caption: readonly string[],
  draw: (width: number, idPrefix: string) => Promise<string>,
): Promise<string> {
  const number = page.nextNumber('Figure');
  const wide = inlined(await draw(WIDE, `figure-${number}-wide`));
  const narrow = inlined(await draw(NARROW, `figure-${number}-narrow`));
  return (
    `<figure id="figure-${number}">\n<div class="wide">${wide}</div>\n<div class="narrow">${narrow}</div>\n` +
    `<figcaption>${numbered(`Figure ${number}`, title)} ${caption.map(escapeMarkup).join(' ')}</figcaption>\n</figure>\n`
  );
}

/** Inside HTML an SVG needs no namespace; without it the page holds no address at all. */
function inlined(svg: string): string {
  return svg.replace(/ xmlns="[^"]*"/, '');
}

function numbered(label: string, title: string): string {
  return `<strong>${label}. ${escapeMarkup(sentence(title))}</strong>`;
}

function sentence(text: string): string {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}

function captionOf(subtitle: string | undefined, sentences: readonly string[]): string[] {
  return subtitle === undefined ? [...sentences] : [sentence(subtitle), ...sentences];
}

async function curvesHtml(curves: CurveSet, page: PageContext): Promise<string> {
  const options = { annotate: false, styles: page.styles };
  const figure = await figureHtml(
    page,
    curves.title,
    captionOf(curves.subtitle, captionSentences(curves, undefined, page.styles)),
    (width, idPrefix) => curveFigure(curves, { ...options, width, idPrefix }),
  );
  return figure + numbersHtml([curves], page);
}

async function gridHtml(block: ReportBlock & { type: 'curve-grid' }, page: PageContext): Promise<string> {
  const { panels } = block;
  const title = block.title ?? panels.map((panel) => panel.title).join('; ');
  const columns = block.columns ?? Math.min(4, panels.length);
  const figure = await figureHtml(page, title, gridCaption(panels, page.styles), (width, idPrefix) =>
    figureGrid(panels, {
      annotate: false,
      styles: page.styles,
      width,
      idPrefix,
      columns: width === WIDE ? columns : 1,
    }),
  );
  return figure + numbersHtml(panels, page);
}

/** The figure in numbers, at five steps: for readers who cannot see it, and for those who want to copy a value. */
function numbersHtml(sets: readonly CurveSet[], page: PageContext): string {
  const tables = sets.map((curves) => {
    const caption = sets.length > 1 ? escapeMarkup(curves.title) : '';
    return resultTableHtml(sampledTable(curves), caption, page.styles);
  });
  return `<details><summary>The same in numbers</summary>\n${tables.join('')}</details>\n`;
}

function sampledTable(curves: CurveSet): ResultTable {
  const longest = curves.series.reduce((a, b) => (b.mean.length > a.mean.length ? b : a));
  const steps = stepsOf(longest);
  const indices = new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (steps.length - 1))));
  const sampled = [...indices].map((i) => steps[i] as number);
  return resultTableSchema.parse({
    title: curves.title,
    columns: sampled.map((step) => `${curves.xLabel} ${step}`),
    rows: byFinalValue(curves.series).map((series) => {
      const places = sampled.map((step) => stepsOf(series).indexOf(step));
      return {
        name: series.optimizer,
        kind: series.kind,
        cells: places.map((i) => ({
          value: series.mean[i] ?? NaN,
          standardError: series.standardError?.[i],
        })),
      };
    }),
  });
}

function tableHtml(table: ResultTable, page: PageContext): string {
  const caption = `${numbered(`Table ${page.nextNumber('Table')}`, table.title)} ${escapeMarkup(table.caption ?? '')}`;
  const ranked = table.columns.some((column) => (column.better ?? table.better) !== 'none');
  const note = ranked ? '<p class="note">± one standard error; ★ best of the column.</p>\n' : '';
  return resultTableHtml(table, caption, page.styles) + note;
}

async function metaTrainingHtml(training: MetaTrainingRecord, page: PageContext): Promise<string> {
  return figureHtml(
    page,
    training.title,
    captionOf(training.subtitle, metaTrainingSentences(training)),
    (width, idPrefix) =>
      metaTrainingFigure(training, {
        annotate: false,
        width,
        idPrefix,
        ...(width === NARROW && { columns: 1 }),
      }),
  );
}

type Hyperparameters = TuningRecord['chosen'];

function hyperparameterText(value: number | string | boolean | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'number') return escapeMarkup(String(value));
  // Counts and seeds are what they are: 16384 to four digits would be another number.
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  // Chosen values are mostly round: 0.1 says it better than 0.100.
  const round = Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5;
  return round ? String(Number(value.toPrecision(4))) : formatNumber(value);
}

function isChosen({ chosen }: TuningRecord, parameters: Hyperparameters): boolean {
  return (
    Object.keys(chosen).length === Object.keys(parameters).length &&
    Object.entries(chosen).every(([name, value]) => parameters[name] === value)
  );
}

function tuningHtml(records: readonly TuningRecord[], page: PageContext): string {
  const caption = numbered(`Table ${page.nextNumber('Table')}`, 'Tuned hyper-parameters');
  const columns = ['optimizer', 'chosen', 'score', 'candidates', 'non-finite'].map(
    (heading, c) => ({ heading, kind: c < 2 ? 'text' : 'number' }) as const,
  );
  const rows = records.map((record) => {
    const best = record.grid.find(({ parameters }) => isChosen(record, parameters));
    const lost = nonFiniteCandidates(record);
    return [
      optimizerName(record.optimizer, page.styles),
      Object.entries(record.chosen)
        .map(([name, value]) => `${escapeMarkup(name)}&nbsp;=&nbsp;${hyperparameterText(value)}`)
        .join(', '),
      best === undefined ? '–' : formatEstimate(best.score, best.standardError),
      String(record.grid.length),
      lost === 0 ? '0' : `<span class="bad">${lost}</span>`,
    ];
  });
  return htmlTable(caption, columns, rows) + records.map((record) => tuningDetails(record)).join('');
}

function tuningDetails(record: TuningRecord): string {
  const { grid, edgeNotes, criterion } = record;
  if (grid.length === 0 && edgeNotes.length === 0) return '';
  const names = [...new Set(grid.flatMap(({ parameters }) => Object.keys(parameters)))];
  const rank = (score: number): number => (Number.isFinite(score) ? score : Infinity);
  const rows = [...grid]
    // Equal ranks keep the order of the grid; ∞ − ∞ is NaN, which `||` turns into that as well.
    .sort((a, b) => rank(a.score) - rank(b.score) || 0)
    .map(({ parameters, score, standardError }) => {
      const text = Number.isNaN(score) ? 'non-finite' : formatEstimate(score, standardError);
      return [
        ...names.map((name) => hyperparameterText(parameters[name])),
        isChosen(record, parameters) ? winnerMarkup(text) : text,
      ];
    });
  const columns: HtmlColumn[] = [
    ...names.map((name) => ({ heading: escapeMarkup(name), kind: 'number' }) as const),
    { heading: 'score', kind: 'starred' },
  ];
  const notes = edgeNotes.map((note) => `<li>${escapeMarkup(note)}</li>`).join('');
  return (
    `<details><summary>${escapeMarkup(record.optimizer)}: ${grid.length} candidates</summary>\n` +
    (criterion === undefined ? '' : `<p class="note">Score: ${escapeMarkup(sentence(criterion))}</p>\n`) +
    (notes === '' ? '' : `<ul>${notes}</ul>\n`) +
    (grid.length === 0 ? '' : htmlTable('', columns, rows)) +
    '</details>\n'
  );
}

function runHtml(facts: RunFacts): string {
  const versions = Object.entries(facts.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const pairs: [string, string | undefined][] = [
    ['engine', facts.engine],
    ['machine', facts.machine],
    ['versions', versions === '' ? undefined : versions],
    ['seed', String(facts.seed)],
    ['wall time', formatDuration(facts.wallTimeSeconds)],
    ['date', facts.date],
    ...Object.entries(facts.more),
  ];
  const list = pairs.map(([name, value]) =>
    value === undefined ? '' : `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>\n`,
  );
  return (
    `<h3>What ran</h3>\n<dl>\n${list.join('')}</dl>\n` +
    `<h3>How to repeat it</h3>\n<pre><code>${escapeMarkup(facts.command)}</code></pre>\n`
  );
}

function outcomesHtml({ title, rows }: OutcomeCounts, page: PageContext): string {
  const columns = ['optimizer', 'finished', 'non-finite', 'diverged'].map(
    (heading, c) => ({ heading, kind: c === 0 ? 'text' : 'number' }) as const,
  );
  const failures = (count: number): string => (count === 0 ? '0' : `<span class="bad">${count}</span>`);
  return htmlTable(
    numbered(`Table ${page.nextNumber('Table')}`, title),
    columns,
    rows.map((row) => [
      optimizerName(row.optimizer, page.styles),
      String(row.finished),
      failures(row.nonFinite),
      failures(row.diverged),
    ]),
  );
}
