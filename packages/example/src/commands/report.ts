import { UserError } from '@metadescent/core';
import { renderReport } from '@metadescent/reporting';
import { readRun, writeFileAtomic } from '@metadescent/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isControlConfig, writeControlReport } from '../control/control-result-files.js';
import { readLiMalik, writeLiMalik } from '../li-malik/result-folder.js';
import { readEvaluation, REPORT_FILE, writeEvaluation } from '../result-files.js';
import { trainingReport } from '../training-report.js';

/** `metadescent report <run>`: of a training run, or of the results that `evaluate --out`, `run` and the demo keep. */
export async function report(directory: string): Promise<void> {
  const record = readEvaluation(directory);
  let path = join(directory, REPORT_FILE);
  const figures = readLiMalik(directory);
  if (figures) {
    path = await writeLiMalik(directory, figures);
  } else if (record) {
    path = await writeEvaluation(directory, record);
  } else if (existsSync(join(directory, 'config.json'))) {
    const run = readRun(directory);
    if (isControlConfig(run.config)) path = await writeControlReport(directory);
    else writeFileAtomic(path, await renderReport(trainingReport(run)));
  } else {
    throw new UserError(`${directory} holds neither a training run nor results.json; give a folder that \`metadescent train\` or \`metadescent evaluate --out\` wrote`);
  }
  process.stdout.write(`${path}\n`);
}
