import { UserError } from '@metadescent/core';
import { createProgress, stringifyExact, withInterrupt } from '@metadescent/runtime';
import { join } from 'node:path';
import { commandText } from '../command-text.js';
import { catalogue, refusedName } from '../experiments/catalogue.js';
import { liMalikText } from '../li-malik/li-malik-text.js';
import { writeLiMalik } from '../li-malik/result-folder.js';
import { runLiMalik } from '../li-malik/run-li-malik.js';
import { settingsNamed } from '../li-malik/settings.js';
import type { WorkOptions } from '../session.js';
import { terminalOf } from '../terminal.js';

export interface RunOptions extends WorkOptions {
  readonly settings?: string;
  readonly seeds: number;
  readonly seed: number;
  readonly weights?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

/** `metadescent run <figures>`: reproduces figures of Li & Malik 2017 in one report. */
export async function run(name: string, options: RunOptions): Promise<void> {
  const { seed, seeds, weights = [], json } = options;
  const other = catalogue.find((entry) => entry.name === name && entry.commands[0]?.[0] !== 'run');
  if (other) throw refusedName('run', name);
  const settings = settingsNamed(name, options.settings);
  const directory = options.out ?? join('runs', name.replace('/', '-'));
  const words = [
    'run',
    name,
    ...(options.settings === undefined ? [] : ['--settings', options.settings]),
    '--seeds',
    String(seeds),
    '--seed',
    String(seed),
  ];
  const command = `${commandText(...words, ...weights.flatMap((text) => ['--weights', text]))} --data <directory>`;
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const progress: { line?: ReturnType<typeof createProgress> } = {};
  const record = await withInterrupt(
    (signal) =>
      runLiMalik({
        ...options,
        settings,
        weights,
        directory,
        command,
        signal,
        onMissing: log,
        onStage: log,
        onProgress: (done, total, note) => {
          if (total === 0) return;
          progress.line ??= createProgress({
            label: 'work in GFLOP',
            total: Math.ceil(total),
            unit: 'GFLOP',
          });
          progress.line.update(Math.round(done), note);
        },
      }),
    { message: 'Stopping; finished columns are kept, run the same command again to go on.' },
  );
  progress.line?.finish();
  const path = await writeLiMalik(directory, record);
  if (json) process.stdout.write(`${stringifyExact(record, 2)}\n`);
  else process.stdout.write(`${liMalikText(record, terminalOf(process.stdout))}\n`);
  log(`report: ${path}`);
  // A run that shows less than was asked for says so with its exit code; what it could do is done.
  const absent = record.missing.filter(({ id }) => id !== 'fashion-mnist');
  if (absent.length > 0)
    throw new UserError(
      `${absent.length} of the paper's three data sets are missing, and so are their panels:\n${absent.map(({ message }) => message).join('\n')}`,
    );
}
