import { UserError, printable } from '@metadescent/core';
import { join } from 'node:path';
import { checkDataFolder, refuseData } from '../data.js';
import { checkOutputFolder } from '../output-folder.js';
import type { TfjsExample, TfjsOptions } from '../tfjs/command.js';

const EXAMPLES: readonly TfjsExample[] = ['mnist', 'cnn', 'compose'];

/**
 * `metadescent tfjs <example>`. TensorFlow.js is large and optional: it is loaded here and nowhere else.
 *
 * @throws UserError if there is no such example or TensorFlow.js is not installed.
 */
export async function tfjsCommand(example: string, options: TfjsOptions): Promise<void> {
  const name = EXAMPLES.find((known) => known === example);
  if (!name)
    throw new UserError(
      `there is no TensorFlow.js example "${printable(example)}"; choose one of ${EXAMPLES.join(', ')}`,
    );
  if (name === 'compose') refuseData('the example compose', options.data);
  else checkDataFolder(options.data);
  checkOutputFolder(outputOf(name, options));
  const { tfjs } = await import('../tfjs/command.js').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError(
      `TensorFlow.js is not installed (${(error as Error).message.split('\n')[0]}); npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm`,
    );
  });
  await tfjs(name, { ...options, out: outputOf(name, options) });
}

function outputOf(name: TfjsExample, { out = join('runs', `tfjs-${name}`) }: TfjsOptions): string {
  return out;
}
