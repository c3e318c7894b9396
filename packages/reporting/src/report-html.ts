import type { CurveSeries } from './curve-set.js';
import { blockHtml } from './html-blocks.js';
import { escapeMarkup } from './markup.js';
import { optimizerStyles } from './optimizer-style.js';
import { reportSchema, type Report, type ReportInput } from './report.js';
import { REPORT_STYLE } from './report-style.js';
import { parseRecord } from './validate.js';

/** Nothing may be fetched and nothing may run, whatever a name in the report says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** From here on a report has a list of contents. */
const LONG = 4;

/**
 * The report as one HTML page that needs nothing else: styles and figures are inline, there are no scripts.
 * Names are escaped; equal input gives equal bytes (no clock: pass the date).
 *
 * @throws UserError if the report breaks a rule of its schema.
 */
export async function renderReport(report: ReportInput): Promise<string> {
  const parsed = parseRecord('renderReport', 'report', reportSchema, report);
  const numbers = { Figure: 0, Table: 0 };
  const page = {
    styles: optimizerStyles(allSeries(parsed)),
    nextNumber: (kind: 'Figure' | 'Table') => ++numbers[kind],
  };
  const sections: string[] = [];
  for (const [i, { heading, blocks }] of parsed.sections.entries()) {
    let markup = `<section id="section-${i + 1}">\n<h2>${escapeMarkup(heading)}</h2>\n`;
    // One after another: the numbers of figures follow the text.
    for (const block of blocks) markup += await blockHtml(block, page);
    sections.push(`${markup}</section>\n`);
  }
  const title = escapeMarkup(parsed.title);
  return (
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n<link rel="icon" href="data:,">\n` +
    `<title>${title}</title>\n<style>${REPORT_STYLE}</style>\n</head>\n<body>\n<header>\n<h1>${title}</h1>\n` +
    (parsed.date === undefined ? '' : `<p class="date">${escapeMarkup(parsed.date)}</p>\n`) +
    parsed.summary.map((text) => `<p class="summary">${escapeMarkup(text)}</p>\n`).join('') +
    `</header>\n${contents(parsed)}<main>\n${sections.join('')}</main>\n</body>\n</html>\n`
  );
}

function contents({ sections }: Report): string {
  if (sections.length < LONG) return '';
  const items = sections.map(
    ({ heading }, i) => `<li><a href="#section-${i + 1}">${escapeMarkup(heading)}</a></li>`,
  );
  return `<nav aria-label="Contents"><ol>\n${items.join('\n')}\n</ol></nav>\n`;
}

/** Every optimizer that is drawn anywhere in the report, so that none shares its ink with another. */
function allSeries({ sections }: Report): CurveSeries[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => {
      if (block.type === 'curves') return [...block.curves.series];
      return block.type === 'curve-grid' ? block.panels.flatMap(({ series }) => [...series]) : [];
    }),
  );
}
