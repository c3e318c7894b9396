import { renderReport, type ReportInput } from '@metadescent/reporting';
import { readRun, writeFileAtomic, type RunRecord } from '@metadescent/runtime';
import { join } from 'node:path';
import { isControlConfig, writeControlReport } from './control/control-result-files.js';
import { fineTuningReport } from './psd-training/fine-tuning-report.js';
import { psdReport } from './psd-training/psd-report.js';
import { readoutSearchReport } from './readout-search-report.js';
import { REPORT_FILE } from './result-files.js';
import { trainingReport } from './training-report.js';

/** The report of a learned optimizer's training run, finished or under way: which kind of training it was is in its config. */
export function reportOfTraining(run: RunRecord): ReportInput {
  const { kind, startsFrom } = run.config as { readonly kind?: unknown; readonly startsFrom?: unknown };
  if (kind === 'search') return psdReport(run);
  if (kind === 'fine-tuning') return fineTuningReport(run);
  if (startsFrom !== undefined) return readoutSearchReport(run);
  return trainingReport(run);
}

/**
 * Writes the `report.html` of a run folder, also while its run is under way; returns its path.
 *
 * @throws UserError if there is no run in the folder, or one of its files is damaged.
 */
export async function writeRunReport(directory: string): Promise<string> {
  const run = readRun(directory);
  if (isControlConfig(run.config)) return writeControlReport(directory);
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, await renderReport(reportOfTraining(run)));
  return path;
}
