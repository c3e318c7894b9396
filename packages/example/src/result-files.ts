import { UserError } from '@metadescent/core';
import { renderReport, toJson } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportOf, type EvaluationRecord } from './evaluation-report.js';

const RESULTS_FILE = 'results.json';
/** The page of a run folder. */
export const REPORT_FILE = 'report.html';

/** Writes `results.json` and `report.html` into a folder, which is made if need be; returns the path of the report. */
export async function writeEvaluation(directory: string, record: EvaluationRecord): Promise<string> {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new UserError(`cannot make the folder ${directory} (${(error as NodeJS.ErrnoException).code}); give another one with --out`);
  }
  writeFileAtomic(join(directory, RESULTS_FILE), `${toJson(record)}\n`);
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(reportOf(record)));
  return path;
}

/**
 * The record that `writeEvaluation` kept in a folder; undefined if there is none.
 *
 * @throws UserError if the file is damaged.
 */
export function readEvaluation(directory: string): EvaluationRecord | undefined {
  const path = join(directory, RESULTS_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as EvaluationRecord;
  } catch (error) {
    throw new UserError(`${path} is not JSON (${(error as Error).message}): it was changed or damaged; run \`metadescent evaluate --out\` again`);
  }
}
