import { UserError, printable } from '@metadescent/core';
import { readOrdinaryFile, withInterrupt } from '@metadescent/runtime';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandText } from './command-text.js';
import { checkOutputFolder } from './output-folder.js';
import { pathKind } from './path-kind.js';

/** What a run is of, as every training's config says. */
interface TrainingConfig {
  readonly experiment: string;
  readonly preset: string;
  readonly seed: number;
}

/**
 * What a run is of, whether it goes on with the one in the folder, and what else the command line that goes
 * on with it must say.
 */
export interface WantedRun extends TrainingConfig {
  readonly resume?: boolean;
  readonly search?: number;
  readonly engine?: string;
  readonly data?: string;
}

/**
 * Checks before any work that a run can start in a folder, or go on there; nothing is changed. Opening the
 * run checks it all again, and more.
 *
 * @throws UserError saying what is in the way, and how to go on.
 */
export function checkRunFolder(directory: string, wanted: WantedRun): void {
  const shown = printable(directory, 400);
  const config = configOf(directory);
  if (wanted.resume === true) {
    if (config === undefined)
      throw new UserError(
        `there is no run to resume in ${shown}; start it without --resume, or give the folder of a run`,
      );
    const { experiment, preset, seed } = config;
    const known = experiment !== undefined;
    if (known && (experiment !== wanted.experiment || preset !== wanted.preset || seed !== wanted.seed)) {
      throw new UserError(
        `the run in ${shown} is of ${describe(config)}, not of ${describe(wanted)}; go on with \`${resumeText(directory, config)}\`, or start a new run in another folder`,
      );
    }
  } else if (config !== undefined) {
    throw new UserError(
      `${shown} holds a run already; continue it with \`${resumeText(directory, config.experiment === undefined ? wanted : config)}\`, or choose another folder`,
    );
  } else {
    const names =
      pathKind(directory) === 'folder' ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
    if (names.length > 0) {
      const some = names.slice(0, 3).map((name) => printable(name));
      throw new UserError(
        `${shown} is not empty (it holds ${some.join(', ')}${names.length > 3 ? ', …' : ''}); choose another folder`,
      );
    }
  }
  checkOutputFolder(directory);
}

/** The run folder of a training: the one asked for, or its default; checked. */
export function runFolderOf(wanted: WantedRun & { readonly out?: string }): string {
  const {
    experiment,
    preset,
    seed,
    out = join('runs', `${experiment.replace('/', '-')}-${preset}-${seed}`),
  } = wanted;
  checkRunFolder(out, wanted);
  return out;
}

/** The command that goes on with a run. */
function resumeText(
  directory: string,
  { experiment, preset, seed, search = 0, engine = 'auto', data }: Partial<WantedRun>,
): string {
  return commandText(
    ...['train', String(experiment), '--preset', String(preset), '--seed', String(seed)],
    ...(search > 0 ? ['--search', String(search)] : []),
    ...(engine === 'auto' ? [] : ['--engine', engine]),
    ...(data === undefined ? [] : ['--data', data]),
    ...['--out', directory, '--resume'],
  );
}

/** Does the work of a run, which the first Ctrl-C stops at a checkpoint; then it is said how to go on. */
export function resumable<Result>(
  directory: string,
  wanted: WantedRun,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return withInterrupt(work, {
    resumeWith: () => (configOf(directory) === undefined ? undefined : resumeText(directory, wanted)),
  });
}

/**
 * What a run's config says; undefined where there is no run, empty where it cannot be read: opening the run
 * says why.
 */
function configOf(directory: string): Partial<TrainingConfig> | undefined {
  const path = join(directory, 'config.json');
  if (pathKind(path) === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(readOrdinaryFile(path).toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function describe({ experiment, preset, seed }: Partial<TrainingConfig>): string {
  return printable(`${String(experiment)} --preset ${String(preset)} --seed ${String(seed)}`, 200);
}
