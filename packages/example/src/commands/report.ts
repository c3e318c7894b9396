import { UserError } from '@metadescent/core';
import { renderReport } from '@metadescent/reporting';
import { readRun, writeFileAtomic } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readEvaluation, REPORT_FILE, writeEvaluation } from '../result-files.js';
import { trainingReport } from '../training-report.js';

/** `metadescent report <run>`: of a training run, or of the results that `evaluate --out` and the demo keep. */
export async function report(directory: string): Promise<void> {
  const record = readEvaluation(directory);
  let path = join(directory, REPORT_FILE);
  if (record) {
    path = await writeEvaluation(directory, record);
  } else if (existsSync(join(directory, 'config.json'))) {
    writeFileAtomic(path, await renderReport(trainingReport(readRun(directory))));
  } else {
    throw new UserError(`${directory} holds neither a training run nor results.json; give a folder that \`metadescent train\` or \`metadescent evaluate --out\` wrote`);
  }
  process.stdout.write(`${path}\n`);
}
