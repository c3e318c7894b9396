import { afterAll, expect, test } from '@jest/globals';
import { renderReport } from '@metadescent/reporting';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperPanels, recordOf } from './li-malik-record.js';
import { liMalikReport, summaryOf } from './li-malik-report.js';
import { liMalikMarkdown, liMalikText } from './li-malik-text.js';
import type { ArenaResult, Column } from './race-arenas.js';
import { readLiMalik, TABLES_FILE, writeLiMalik } from './result-folder.js';
import {
  arenaOf,
  liMalikSettings,
  ROLLOUT_STEPS,
  settingsNamed,
  trainingArena,
  type Arena,
} from './settings.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two seeds that fall from 2 to `end` along a straight line over all steps; `lost` ends the second seed half-way. */
function column(optimizer: string, kind: Column['kind'], end: number, lost = false): Column {
  const points = ROLLOUT_STEPS + 1;
  const line = (shift: number, last: number) =>
    Array.from({ length: points }, (_, i) => (i > last ? NaN : 2 + shift + ((end - 2) * i) / (points - 1)));
  return {
    optimizer,
    kind,
    objectives: [line(0, points), line(0.01, lost ? points / 4 : points)],
    outcomes: [],
  };
}

const settings = settingsNamed('li-malik', '1,2,5');
const datasets = [
  { id: 'cifar-10' as const, title: 'CIFAR-10', inPaper: true, examples: 100, classes: 10 },
  { id: 'fashion-mnist' as const, title: 'Fashion-MNIST', inPaper: false, examples: 50, classes: 10 },
];
const arenas: Arena[] = [
  trainingArena,
  ...datasets.flatMap(({ id }) => settings.slice(0, 2).map((setting) => arenaOf(setting, id))),
];
const results = arenas.map((arena): ArenaResult => ({
  arena,
  columns: [
    column('L2LBGDBGD', 'learned', 0.5, arena.dataset === 'cifar-10'),
    column('adam', 'hand-made', 1),
    column('sgd', 'hand-made', 3),
  ],
}));
const record = recordOf({
  facts: { seed: 1, seeds: 2, engine: 'twin', wallTimeSeconds: 5, command: 'npx metadescent run li-malik' },
  datasets,
  missing: [{ id: 'faces', message: 'faces cannot be read: give --data' }],
  tuning: [{ optimizer: 'adam', chosen: { learningRate: 0.01 }, grid: [], edgeNotes: [] }],
  settings,
  results,
});

test('a panel of figure 5 goes to twice the horizon of the same rollouts as figure 2', () => {
  const [, two, five] = record.figures;
  expect(two!.panels[0]!.steps.at(-1)).toBe(400);
  expect(five!.panels[0]!.steps.at(-1)).toBe(800);
  expect(five!.panels[0]!.entries[1]!.mean.slice(0, 81)).toEqual(two!.panels[0]!.entries[1]!.mean);
});

test('only panels that the paper has are counted, and a lost rollout loses the panel', () => {
  expect(paperPanels(record)).toHaveLength(3);
  const [counts, divergences] = summaryOf(record);
  // The learned optimizer is lowest everywhere, but loses a rollout on CIFAR-10.
  expect(counts).toMatch(/3 panels of the paper.*: adam 3\. Lowest mean over the horizon: adam 3\./);
  expect(divergences).toMatch(/L2LBGDBGD 3, adam 0, sgd 6, of 6 each/);
  expect(divergences).toMatch(/At 800 iterations, everywhere: L2LBGDBGD 2 of 10/);
});

test('beyond the horizon, all nets and data sets are checked for the learned optimizers', () => {
  expect(record.beyond).toHaveLength(arenas.length);
  expect(record.beyond[0]).toMatchObject({
    arena: 'mnist-48-48-batch-64',
    optimizer: 'L2LBGDBGD',
    nonFinite: 0,
    aboveStart: 0,
  });
  expect(record.beyond[0]!.atTwice).toBeCloseTo(0.505, 9);
  expect(record.beyond[1]).toMatchObject({ arena: 'cifar-10-48-48-batch-64', nonFinite: 1, atTwice: NaN });
});

test('the report has a row of panels per setting and a column per data set, and says what is missing', async () => {
  const report = liMalikReport(record);
  const grids = report.sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.type === 'curve-grid' ? [block] : [])),
  );
  expect(grids.map(({ columns, panels }) => [columns, panels.map(({ title }) => title)])).toEqual(
    new Array(3).fill([2, ['(a) CIFAR-10', '(b) Fashion-MNIST']]),
  );
  const page = await renderReport(report);
  for (const { number, title } of settings)
    expect(page.includes(`figure ${number}: ${title}</h2>`)).toBe(true);
  expect(page.includes(liMalikSettings[2]!.title)).toBe(false);
  expect(page.match(/Panel missing: faces cannot be read/g)).toHaveLength(3);
  expect(page.includes('1 of 2 not finite')).toBe(true);
});

test('the record survives its file: the same report and tables again', async () => {
  const path = await writeLiMalik(folder, record);
  const [page, tables] = [path, join(folder, TABLES_FILE)].map((file) => readFileSync(file, 'utf8'));
  const again = readLiMalik(folder)!;
  expect(again).toEqual(record);
  await writeLiMalik(folder, again);
  expect(readFileSync(path, 'utf8')).toBe(page);
  expect(readFileSync(join(folder, TABLES_FILE), 'utf8')).toBe(tables);
  writeFileSync(join(folder, 'li-malik.json'), '{');
  expect(() => readLiMalik(folder)).toThrow(
    /li-malik\.json is not JSON .*run `npx metadescent run li-malik --out` again/,
  );
  expect(readLiMalik(join(folder, 'none'))).toBeUndefined();
});

test('terminal and Markdown hold every panel and mark the best', () => {
  const text = liMalikText(record, { width: 120, colour: false, wrap: false });
  expect(text.match(/Figure [125], (CIFAR-10|Fashion-MNIST)/g)).toHaveLength(6);
  const markdown = liMalikMarkdown(record);
  expect(markdown).toMatch(/\| adam \| \*\*1\.5/);
  expect(markdown).toMatch(/\| L2LBGDBGD \| 1 of 2 not finite \| 1 of 2 not finite \| \*\*/);
});
