import { controlExperiments } from '../control/control-experiments.js';
import { experiments } from '../experiments/registry.js';
import { psdExperiments } from '../psd-training/psd-experiments.js';
import { LI_MALIK, liMalikSettings } from '../li-malik/settings.js';

/** `metadescent list` */
export function list(): void {
  for (const { name, title, source, horizon, training } of experiments) {
    const how = 'weightsOf' in training ? `transfer of ${training.weightsOf}` : `presets: ${Object.keys('presets' in training ? training.presets : training.search).join(', ')}`;
    process.stdout.write(`${name}\n    ${title}; ${horizon} steps; ${how}\n    ${source}\n`);
  }
  for (const { name, title, presets } of psdExperiments) {
    process.stdout.write(`${name}\n    ${title}; presets: ${Object.keys(presets).join(', ')}\n`);
  }
  for (const { name, title, number } of liMalikSettings) {
    process.stdout.write(`${name}\n    ${title}; \`metadescent run ${name}\`, or all five with \`metadescent run ${LI_MALIK}\`\n    Li & Malik 2017, §4, figure ${number}\n`);
  }
  for (const { name, title, source, presets } of controlExperiments) {
    process.stdout.write(`${name}\n    ${title}; control; presets: ${Object.keys(presets).join(', ')}\n    ${source}\n`);
  }
}
