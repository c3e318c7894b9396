import { afterAll, describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderReport } from '@metadescent/reporting';
import type { EvaluationRecord } from '../evaluation-record.js';
import { findingsOf, tableOf } from '../evaluation-report.js';
import { readEvaluation, writeEvaluation } from '../result-files.js';
import { evaluationRecord, validFolders } from '../testing/valid-folders.js';
import { redraw, reportIn } from './report.js';

const folder = mkdtempSync(join(tmpdir(), 'metadescent-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kinds = Object.keys(validFolders);
const written = (kind: string, name: string) => {
  const directory = join(folder, `${kind}-${name}`);
  validFolders[kind]!(directory);
  return directory;
};

test.each(kinds)(
  '%s: the report is drawn, and the same bytes again, from what stays as it is',
  async (kind) => {
    const directory = written(kind, 'valid');
    const path = await redraw(directory);
    const first = filesOf(directory);
    expect(first.get(path)).toContain('<svg');
    expect(await redraw(directory)).toBe(path);
    expect(filesOf(directory)).toEqual(first);
  },
);

function filesOf(directory: string): Map<string, string> {
  const paths = readdirSync(directory).map((name) => join(directory, name));
  return new Map(
    paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path, 'utf8')]),
  );
}

const TEXT = 'a\u001b[2J\u202etext';
/** Of these, what a number may well be, and is hard to draw. */
const DRAWN: readonly unknown[] = ['NaN', 1e308];
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** What is put in place of a field; `undefined` leaves it out. */
const wrongs: readonly unknown[] = [
  undefined,
  null,
  TEXT,
  'NaN',
  'Infinity',
  1e308,
  -1e308,
  0.5,
  true,
  [],
  {},
  [[]],
  { a: null },
];

/** Every place in a JSON value; of long lists the first and the last entry. */
function* placesIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<readonly (string | number)[]> {
  yield path;
  if (Array.isArray(value)) {
    for (const i of new Set([0, value.length - 1])) if (i in value) yield* placesIn(value[i], [...path, i]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) yield* placesIn(entry, [...path, key]);
  }
}

/** A copy with `wrong` at a place. */
function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], wrong: unknown): unknown {
  if (key === undefined) return wrong;
  const entry = replaced((value as Record<string | number, unknown>)[key], rest, wrong);
  if (!Array.isArray(value)) return { ...(value as object), [key]: entry };
  return entry === undefined ? value.filter((_, i) => i !== key) : value.with(key as number, entry);
}

describe.each(kinds)('%s: wrong in any one place, the folder is drawn all the same or refused', (kind) => {
  const directory = written(kind, 'wrong');
  const files = readdirSync(directory).filter((name) => /\.jsonl?$/.test(name));

  test.each(files)(
    '%s',
    async (file) => {
      const path = join(directory, file);
      const good = readFileSync(path, 'utf8');
      const lines = file.endsWith('.jsonl');
      const value: unknown = lines
        ? good
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown)
        : JSON.parse(good);
      const put = (damaged: unknown) =>
        writeFileSync(
          path,
          lines && Array.isArray(damaged)
            ? damaged.map((line) => `${JSON.stringify(line)}\n`).join('')
            : `${JSON.stringify(damaged)}\n`,
        );
      const accepts = (damaged: unknown, at: string) => {
        put(damaged);
        try {
          reportIn(directory);
          return true;
        } catch (error) {
          const { message, stack } = error as Error;
          if (!(error instanceof UserError)) throw new Error(`${at}: ${stack}`);
          if (!message.includes(file))
            throw new Error(`${at}: the message does not name the file: ${message}`);
          if (UNPRINTABLE.test(message))
            throw new Error(`${at}: the message is not printable: ${JSON.stringify(message)}`);
          return false;
        }
      };
      let refused = 0;
      for (const wrong of wrongs) {
        // Drawing takes long: all at once, whatever can be wrong at once.
        let together = value;
        for (const place of placesIn(value)) {
          const at = `${file} ${place.join('.')} = ${JSON.stringify(wrong)}`;
          if (!accepts(replaced(value, place, wrong), at)) refused++;
          else if (DRAWN.includes(wrong) && accepts(replaced(together, place, wrong), at))
            together = replaced(together, place, wrong);
        }
        if (together === value) continue;
        put(together);
        expect(await renderReport(reportIn(directory).report)).toContain('</html>');
      }
      writeFileSync(path, good);
      expect(refused).toBeGreaterThan(0);
    },
    600_000,
  );
});

test('what is no record at all is refused in a paragraph', async () => {
  const directory = written('evaluation', 'none');
  const path = join(directory, 'results.json');
  for (const [bytes, said] of [
    [
      '{}',
      /results\.json is not what this version writes.*run `npx metadescent evaluate --out` again[^]*→ at kind/,
    ],
    ['{"kind":"\u001b[2J"', /results\.json is not JSON/],
    ['', /results\.json is not JSON/],
    ['{"kind":"other"}', /expected "evaluation"\n {2}→ at kind/],
  ] as const) {
    writeFileSync(path, bytes);
    await expect(redraw(directory)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(said),
    });
  }
  const run = written('meta-training', 'none');
  writeFileSync(join(run, 'config.json'), '{"experiment":"andrychowicz/mnist"}');
  await expect(redraw(run)).rejects.toThrow(
    /config\.json does not say of which kind its run is, but it must be one of meta-training, /,
  );
});

test('an optimizer that diverged stays diverged in a report that is drawn again', async () => {
  const [result] = evaluationRecord.results;
  const [learned, ...others] = result!.optimizers;
  const lost = {
    mean: [2, NaN, NaN],
    standardError: [0.1, NaN, NaN],
    count: [4, 0, 0],
    outcomes: { finished: 0, 'non-finite': 3, diverged: 1 },
  };
  const diverged: EvaluationRecord = {
    ...evaluationRecord,
    results: [
      {
        ...result!,
        optimizers: [{ ...learned!, ...lost }, ...others],
        comparisons: [{ ...result!.comparisons[0]!, ratio: NaN, ratioStandardError: NaN }],
      },
    ],
  };
  const directory = join(folder, 'diverged');
  const page = readFileSync(await writeEvaluation(directory, diverged), 'utf8');
  const again = readEvaluation(directory)!;
  expect(again.results[0]!.optimizers[0]).toEqual({ ...learned, ...lost });
  const row = tableOf(again.results[0]!).rows.find(({ name }) => name === 'lstm')!;
  expect(row.cells.slice(0, 3)).toEqual(['4 of 4 not finite', '4 of 4 not finite', '4 of 4 not finite']);
  expect(findingsOf(again.results[0]!)[0]).toContain(
    'cannot be compared with the best tuned first-order baseline, adam',
  );
  expect(findingsOf(again.results[0]!)[0]).toContain('lstm finished 0 of 4 rollouts');
  expect(readFileSync(await redraw(directory), 'utf8')).toBe(page);
  expect(page).toContain('4 of 4 not finite');
});

test('a missed target of meta-training, and what "best" leaves out, are said where the number is', () => {
  expect(findingsOf(evaluationRecord.results[0]!)).toEqual([
    "At step 2 the learned optimizer's mean objective is 0.500 ± 0.100 times that of the best tuned first-order baseline, adam (the paper's plots: 0.757); 4 held-out optimizees, common random numbers.",
    'Line searches are left out of "best", because they evaluate their mini-batch several times per step: lbfgs. None of these ends lower than all that are counted.',
    'Meta-training, objective on its held-out functions: target 0.700 not reached (0.900).',
  ]);
});
