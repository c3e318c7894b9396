import { UserError } from '@metadescent/core';
import type { TfjsExample, TfjsOptions } from '../tfjs/command.js';

const EXAMPLES: readonly TfjsExample[] = ['mnist', 'cnn', 'compose'];

/**
 * `metadescent tfjs <example>`. TensorFlow.js is large and optional: it is loaded here and nowhere else.
 *
 * @throws UserError if there is no such example or TensorFlow.js is not installed.
 */
export async function tfjsCommand(example: string, options: TfjsOptions): Promise<void> {
  const name = EXAMPLES.find((known) => known === example);
  if (!name) throw new UserError(`there is no TensorFlow.js example "${example}"; choose one of ${EXAMPLES.join(', ')}`);
  const { tfjs } = await import('../tfjs/command.js').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError(`TensorFlow.js is not installed (${(error as Error).message.split('\n')[0]}); npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm`);
  });
  await tfjs(name, options);
}
