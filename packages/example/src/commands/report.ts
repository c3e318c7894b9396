import { printable, UserError } from '@metadescent/core';
import { renderReport, reportSchema, type ReportInput } from '@metadescent/reporting';
import { readRun, writeFileAtomic } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandText } from '../command-text.js';
import { liMalikReport } from '../li-malik/li-malik-report.js';
import type { LiMalikRecord } from '../li-malik/record-schema.js';
import { drawLiMalik, readLiMalik, RECORD_FILE } from '../li-malik/result-folder.js';
import { reportOf } from '../evaluation-report.js';
import { pathKind } from '../path-kind.js';
import { parseRecord } from '../record-file.js';
import { readEvaluation, REPORT_FILE, RESULTS_FILE } from '../result-files.js';
import { reportOfTraining } from '../run-report.js';

/**
 * `metadescent report <run>`: of a training run, or of the results that `evaluate --out`, `run` and the demo
 * keep.
 */
export async function report(directory: string): Promise<void> {
  process.stdout.write(`${await redraw(directory)}\n`);
}

/**
 * Draws the report of a folder again; what it is drawn from stays as it is.
 *
 * @returns the path of the report.
 * @throws UserError if there is nothing to draw in the folder, or what is there is damaged or of another version.
 */
export async function redraw(directory: string): Promise<string> {
  const { figures, report } = reportIn(directory);
  if (figures) return drawLiMalik(directory, figures);
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(report));
  return path;
}

/**
 * The report of what is in a folder, which is sure to be drawn.
 *
 * @throws UserError that names the file and what is wrong in it.
 */
export function reportIn(directory: string): {
  readonly report: ReportInput;
  readonly figures?: LiMalikRecord;
} {
  const figures = readLiMalik(directory);
  if (figures) return { report: drawable(join(directory, RECORD_FILE), liMalikReport(figures)), figures };
  const evaluation = readEvaluation(directory);
  if (evaluation) return { report: drawable(join(directory, RESULTS_FILE), reportOf(evaluation)) };
  if (existsSync(join(directory, 'config.json'))) {
    return {
      report: drawable(
        `${directory} (config.json, metrics.jsonl, timing.jsonl)`,
        reportOfTraining(readRun(directory), directory),
      ),
    };
  }
  const kind = pathKind(directory);
  const what =
    kind === 'folder'
      ? 'holds neither a training run nor results.json'
      : kind === 'file'
        ? 'is a file'
        : 'does not exist';
  throw new UserError(
    `${printable(directory, 400)} ${what}; give a folder that \`${commandText('train')}\` or \`${commandText('evaluate', '--out')}\` wrote`,
  );
}

/** What a figure cannot show is said with the place that it came from. */
function drawable(source: string, report: ReportInput): ReportInput {
  parseRecord(
    source,
    reportSchema,
    report,
    'run the command that wrote it again. Its report could not be drawn because of this:',
  );
  return report;
}
