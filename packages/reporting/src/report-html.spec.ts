import { expect, test } from '@jest/globals';
import { decay, HOSTILE, race } from './testing/race.js';
import { toJson } from './recorded-number.js';
import { renderReport } from './report-html.js';
import { reportSchema, type ReportInput } from './report.js';

function demo(name: string): ReportInput {
  return {
    title: name,
    summary: [name],
    date: '21 November 2026',
    sections: [
      {
        heading: 'Curves',
        blocks: [
          { type: 'paragraph', text: name },
          { type: 'curves', curves: { ...race(name), notes: [name] } },
        ],
      },
      {
        heading: name,
        blocks: [
          {
            type: 'curve-grid',
            panels: [race('A'), { title: name, series: [decay(name, 'learned', 10, 1, 0.1)] }],
          },
          {
            type: 'table',
            table: {
              title: name,
              columns: [name],
              rows: [
                { name, kind: 'learned', cells: [0.25] },
                { name: 'adam', cells: [{ value: 0.32, standardError: 0.01 }] },
                { name: 'sgd', cells: [name] },
              ],
            },
          },
        ],
      },
      {
        heading: 'Training and tuning',
        blocks: [
          {
            type: 'meta-training',
            training: {
              title: name,
              trainLoss: [3, 2],
              validationLoss: [3, null],
              metaGradientNorm: [1, NaN],
            },
          },
          {
            type: 'tuning',
            records: [
              {
                optimizer: name,
                chosen: { learningRate: 0.1, [name]: name },
                grid: [
                  { parameters: { learningRate: 1, [name]: name }, score: NaN },
                  { parameters: { learningRate: 0.1, [name]: name }, score: 0.05, standardError: 0.001 },
                  { parameters: { learningRate: 0.01, [name]: name }, score: 0.5 },
                ],
                edgeNotes: [name],
                criterion: name,
              },
            ],
          },
          {
            type: 'outcomes',
            outcomes: { title: name, rows: [{ optimizer: name, finished: 19, nonFinite: 1, diverged: 0 }] },
          },
        ],
      },
      {
        heading: 'Run',
        blocks: [
          {
            type: 'run',
            facts: {
              engine: name,
              versions: { [name]: name },
              seed: 7,
              wallTimeSeconds: 151,
              command: name,
              machine: name,
              more: { [name]: name },
            },
          },
        ],
      },
    ],
  };
}

const plain = await renderReport(demo('lstm run'));

test('the page has every part, numbered, with a list of contents', () => {
  for (const text of [
    '<title>lstm run</title>',
    '<h1>lstm run</h1>',
    '21 November 2026',
    'href="#section-4"',
    'Figure 3.',
    'Table 3.',
    'How to repeat it',
    '2 min 31 s',
    '3 candidates',
    'non-finite',
    'nesterov (step 19)',
  ]) {
    expect(plain).toContain(text);
  }
  expect(plain.match(/<figure /g)).toHaveLength(3);
  expect(plain).not.toContain('Figure 4.');
});

test('a short report has no list of contents', async () => {
  expect(await renderReport({ title: 'Short', sections: [{ heading: 'One', blocks: [] }] })).not.toContain(
    '<nav',
  );
});

test('winners and chosen candidates are bold and marked in text', () => {
  expect(plain).toContain('<strong>0.250</strong><span class="mark" role="img" aria-label="best">★</span>');
  expect(plain).toContain('<strong>0.0500 ± 0.0010</strong><span class="mark"');
  // The grid is in order of its score, what failed last.
  const grid = plain.slice(plain.indexOf('3 candidates'));
  const order = ['0.0500', '0.500<', 'non-finite<'].map((text) => grid.indexOf(text));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('the page asks for nothing: no address, no script, no style sheet, no font', () => {
  expect(plain).not.toMatch(
    /https?:|<script|<link(?! rel="icon" href="data:,")|@import|url\((?!#)|<iframe|<img/,
  );
  expect(plain).toContain(`http-equiv="Content-Security-Policy" content="default-src 'none'`);
});

test('whatever a name says stays text', async () => {
  const html = await renderReport(demo(HOSTILE));
  expect(html).not.toMatch(/<script|<img|<\/text><\/svg></);
  expect(html).not.toContain('\u001b');
  // The tags are the same ones as with a harmless name, up to how titles wrap into lines.
  const tags = (markup: string): string[] =>
    [...markup.matchAll(/<\/?([a-z0-9]+)/gi)]
      .map(([, tag]) => tag as string)
      .filter((tag) => !['text', 'tspan', 'g', 'line'].includes(tag));
  expect(tags(html)).toEqual(tags(plain));
});

test('equal reports have equal bytes, also after a way through JSON', async () => {
  expect(await renderReport(demo('lstm run'))).toBe(plain);
  expect(await renderReport(JSON.parse(toJson(demo('lstm run'))) as ReportInput)).toBe(plain);
});

test('ids are there once', () => {
  const ids = [...plain.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an optimizer has one colour in the whole report, whatever figure it is in', async () => {
  const html = await renderReport({
    title: 'Colours',
    sections: [
      {
        heading: 'One',
        blocks: ['velo', 'hyperadam', 'muon'].map((name) => ({
          type: 'curves' as const,
          curves: {
            title: name,
            series: [decay(name, 'learned', 10, 1, 0.1), decay('lstm', 'learned', 10, 1, 0.2)],
          },
        })),
      },
    ],
  });
  const colours = ['velo', 'hyperadam', 'muon'].map((name) => {
    const used = [
      ...html.matchAll(new RegExp(`stroke="(#[0-9a-f]{6})" stroke-width="3"/><text [^>]*>${name}<`, 'g')),
    ].map(([, colour]) => colour);
    expect(new Set(used).size).toBe(1);
    return used[0];
  });
  expect(new Set(colours).size).toBe(3);
});

test('an unknown block or a missing field is refused with its place', async () => {
  await expect(
    renderReport({
      title: 'Bad',
      sections: [{ heading: 'One', blocks: [{ type: 'song' }] }],
    } as unknown as ReportInput),
  ).rejects.toThrow('sections[0].blocks[0]');
  expect(reportSchema.safeParse(demo('x')).success).toBe(true);
});

test('marks that turn the direction of writing are spelled out on the page, line breaks stay', async () => {
  const page = await renderReport({
    title: 'ad\u202eam',
    sections: [{ heading: 'One', blocks: [{ type: 'paragraph', text: 'two\r\nlines' }] }],
  });
  expect(page).not.toContain('\u202e');
  expect(page).toContain('<h1>ad\\u{202e}am</h1>');
  expect(page).toContain('<p>two\nlines</p>');
});

test('a chosen count is shown to its last digit', async () => {
  const page = await renderReport({
    title: 'Report',
    sections: [
      {
        heading: 'Tuning',
        blocks: [
          { type: 'tuning', records: [{ optimizer: 'adam', chosen: { batchSize: 16384, rate: 0.1 + 0.2 } }] },
        ],
      },
    ],
  });
  expect(page).toContain('batchSize&nbsp;=&nbsp;16384');
  expect(page).toContain('rate&nbsp;=&nbsp;0.3');
});

test('values of a table that are no numbers are counted below it', async () => {
  const page = await renderReport({
    title: 'Report',
    sections: [
      {
        heading: 'Table',
        blocks: [
          {
            type: 'table',
            table: { title: 'T', columns: ['a', 'b'], rows: [{ name: 'adam', cells: [NaN, Infinity] }] },
          },
        ],
      },
    ],
  });
  expect(page).toContain('is a value that is missing or not a number: 1 of 2.');
  expect(page).toContain('>∞<');
});
