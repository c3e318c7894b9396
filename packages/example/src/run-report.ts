import { UserError, printable } from '@metadescent/core';
import { renderReport, type ReportInput } from '@metadescent/reporting';
import { readRun, writeFileAtomic, type RunRecord } from '@metadescent/runtime';
import { join } from 'node:path';
import { controlRun } from './control/control-result-files.js';
import { epochMetricsSchema, metaTrainingConfigSchema } from './meta-training-record.js';
import { fineTuningReport } from './psd-training/fine-tuning-report.js';
import {
  fineTuningConfigSchema,
  fineTuningMetricsSchema,
  searchConfigSchema,
  searchMetricsSchema,
} from './psd-training/psd-record.js';
import { psdReport } from './psd-training/psd-report.js';
import { generationMetricsSchema, readoutSearchConfigSchema } from './readout-search-record.js';
import { readoutSearchReport } from './readout-search-report.js';
import { REPORT_FILE } from './result-files.js';
import { trainingReport } from './training-report.js';
import { reportOfKind } from './training-run.js';

type Draw = (run: RunRecord, directory: string) => ReportInput;

/** How each kind of training run is read and drawn, by the `kind` in its config. */
const kinds: Readonly<Record<string, Draw>> = {
  'meta-training': (run, directory) =>
    reportOfKind(
      { config: metaTrainingConfigSchema, metrics: epochMetricsSchema, report: trainingReport },
      run,
      directory,
    ),
  'readout-search': (run, directory) =>
    reportOfKind(
      { config: readoutSearchConfigSchema, metrics: generationMetricsSchema, report: readoutSearchReport },
      run,
      directory,
    ),
  search: (run, directory) =>
    reportOfKind(
      { config: searchConfigSchema, metrics: searchMetricsSchema, report: psdReport },
      run,
      directory,
    ),
  'fine-tuning': (run, directory) =>
    reportOfKind(
      { config: fineTuningConfigSchema, metrics: fineTuningMetricsSchema, report: fineTuningReport },
      run,
      directory,
    ),
  control: (run, directory) => reportOfKind(controlRun, run, directory),
};

/**
 * The report of a training run, finished or under way.
 *
 * @param directory of the run, for messages and for reports that need more of its files
 * @throws UserError if the run is of no kind that is known, or one of its files is damaged or of another version.
 */
export function reportOfTraining(run: RunRecord, directory: string): ReportInput {
  const kind = (run.config as { readonly kind?: unknown } | null)?.kind;
  const draw = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (draw) return draw(run, directory);
  const said =
    kind === undefined
      ? 'does not say of which kind its run is'
      : `says its run is of the kind ${printable(JSON.stringify(kind) ?? 'undefined')}`;
  throw new UserError(
    `${directory}/config.json ${said}, but it must be one of ${Object.keys(kinds).join(', ')}: it was changed, or written by another version; train again in another folder`,
  );
}

/**
 * Writes the `report.html` of a run folder, also while its run is under way; returns its path.
 *
 * @throws UserError if there is no run in the folder, or one of its files is damaged.
 */
export async function writeRunReport(directory: string): Promise<string> {
  const page = await renderReport(reportOfTraining(readRun(directory), directory));
  const path = join(directory, REPORT_FILE);
  writeFileAtomic(path, page);
  return path;
}
