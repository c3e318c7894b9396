import { UserError } from '@metadescent/core';
import { renderReport } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, writeRecord } from './kept-file.js';
import type { LiMalikRecord } from './li-malik-record.js';
import { liMalikReport } from './li-malik-report.js';
import { liMalikMarkdown } from './li-malik-text.js';
import { REPORT_FILE } from '../result-files.js';

const RECORD_FILE = 'li-malik.json';

/** The tables for documentation, in a run's folder. */
export const TABLES_FILE = 'tables.md';

/** Writes the record, the report and the tables of a run into its folder; returns the path of the report. */
export async function writeLiMalik(directory: string, record: LiMalikRecord): Promise<string> {
  writeRecord(join(directory, RECORD_FILE), record);
  writeFileAtomic(join(directory, TABLES_FILE), liMalikMarkdown(record));
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(liMalikReport(record)));
  return path;
}

/**
 * The record that `writeLiMalik` kept in a folder; undefined if there is none.
 *
 * @throws UserError if the file is damaged.
 */
export function readLiMalik(directory: string): LiMalikRecord | undefined {
  const path = join(directory, RECORD_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return readRecord<LiMalikRecord>(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read (${(error as Error).message}): it was changed or damaged; run \`metadescent run li-malik --out\` again`);
  }
}
