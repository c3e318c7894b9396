import { experiments } from '../experiments/registry.js';

/** `metadescent list` */
export function list(): void {
  for (const { name, title, source, horizon, training } of experiments) {
    const how = 'presets' in training ? `presets: ${Object.keys(training.presets).join(', ')}` : `transfer of ${training.weightsOf}`;
    process.stdout.write(`${name}\n    ${title}; ${horizon} steps; ${how}\n    ${source}\n`);
  }
}
