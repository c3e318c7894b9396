import { printable, UserError } from '@metadescent/core';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { drawLiMalik, readLiMalik, RECORD_FILE } from '../li-malik/result-folder.js';
import { drawEvaluation, readEvaluation, RESULTS_FILE } from '../result-files.js';
import { writeRunReport } from '../run-report.js';

/** `metadescent report <run>`: of a training run, or of the results that `evaluate --out`, `run` and the demo keep. */
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
  const figures = readLiMalik(directory);
  if (figures) return drawn(join(directory, RECORD_FILE), drawLiMalik(directory, figures));
  const evaluation = readEvaluation(directory);
  if (evaluation) return drawn(join(directory, RESULTS_FILE), drawEvaluation(directory, evaluation));
  if (existsSync(join(directory, 'config.json'))) return drawn(directory, writeRunReport(directory));
  throw new UserError(
    `${printable(directory, 400)} holds neither a training run nor results.json; give a folder that \`metadescent train\` or \`metadescent evaluate --out\` wrote`,
  );
}

/** What a figure cannot show is said with the place that it came from. */
async function drawn(source: string, path: Promise<string>): Promise<string> {
  try {
    return await path;
  } catch (error) {
    if (!(error instanceof UserError) || error.message.includes(source)) throw error;
    throw new UserError(`${printable(source, 400)} cannot be drawn: ${error.message}`);
  }
}
