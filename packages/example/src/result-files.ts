import { renderReport } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluationRecordSchema, type EvaluationRecord } from './evaluation-record.js';
import { reportOf } from './evaluation-report.js';
import { makeOutputFolder } from './output-folder.js';
import { readRecord, writeRecord } from './record-file.js';

/** What an evaluation found out, in its folder. */
export const RESULTS_FILE = 'results.json';
/** The page of a run folder. */
export const REPORT_FILE = 'report.html';

/**
 * Writes `results.json` and `report.html` into a folder, which is made if need be; returns the path of the
 * report.
 */
export async function writeEvaluation(directory: string, record: EvaluationRecord): Promise<string> {
  makeOutputFolder(directory);
  writeRecord(join(directory, RESULTS_FILE), record);
  return drawEvaluation(directory, record);
}

/** Writes the `report.html` of an evaluation into its folder; returns its path. */
export async function drawEvaluation(directory: string, record: EvaluationRecord): Promise<string> {
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(reportOf(record)));
  return path;
}

/**
 * The record that `writeEvaluation` kept in a folder; undefined if there is none.
 *
 * @throws UserError that names the file and its fields if it is damaged or of another version.
 */
export function readEvaluation(directory: string): EvaluationRecord | undefined {
  const path = join(directory, RESULTS_FILE);
  if (!existsSync(path)) return undefined;
  return readRecord(path, evaluationRecordSchema, 'run `npx metadescent evaluate --out` again');
}
