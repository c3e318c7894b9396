import { renderReport } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, writeRecord } from '../record-file.js';
import { REPORT_FILE } from '../result-files.js';
import { liMalikReport } from './li-malik-report.js';
import { liMalikMarkdown } from './li-malik-text.js';
import { liMalikRecordSchema, type LiMalikRecord } from './record-schema.js';

/** What a run of the figures found out, in its folder. */
export const RECORD_FILE = 'li-malik.json';

/** The tables for documentation, in a run's folder. */
export const TABLES_FILE = 'tables.md';

/** Writes the record, the report and the tables of a run into its folder; returns the path of the report. */
export async function writeLiMalik(directory: string, record: LiMalikRecord): Promise<string> {
  mkdirSync(directory, { recursive: true });
  writeRecord(join(directory, RECORD_FILE), record, 1);
  return drawLiMalik(directory, record);
}

/** Writes the report and the tables of a record; returns the path of the report. */
export async function drawLiMalik(directory: string, record: LiMalikRecord): Promise<string> {
  writeFileAtomic(join(directory, TABLES_FILE), liMalikMarkdown(record));
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(liMalikReport(record)));
  return path;
}

/**
 * The record that `writeLiMalik` kept in a folder; undefined if there is none.
 *
 * @throws UserError that names the file and its fields if it is damaged or of another version.
 */
export function readLiMalik(directory: string): LiMalikRecord | undefined {
  const path = join(directory, RECORD_FILE);
  if (!existsSync(path)) return undefined;
  return readRecord(path, liMalikRecordSchema, 'run `npx metadescent run li-malik --out` again');
}
