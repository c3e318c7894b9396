import { UserError } from '@metadescent/core';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLiMalik, writeLiMalik } from '../li-malik/result-folder.js';
import { readEvaluation, writeEvaluation } from '../result-files.js';
import { writeRunReport } from '../run-report.js';

/** `metadescent report <run>`: of a training run, or of the results that `evaluate --out`, `run` and the demo keep. */
export async function report(directory: string): Promise<void> {
  process.stdout.write(`${await written(directory)}\n`);
}

async function written(directory: string): Promise<string> {
  const record = readEvaluation(directory);
  const figures = readLiMalik(directory);
  if (figures) return writeLiMalik(directory, figures);
  if (record) return writeEvaluation(directory, record);
  if (existsSync(join(directory, 'config.json'))) return writeRunReport(directory);
  throw new UserError(`${directory} holds neither a training run nor results.json; give a folder that \`metadescent train\` or \`metadescent evaluate --out\` wrote`);
}
