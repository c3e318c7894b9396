import { loadMnist } from '@metadescent/optimizees/node';
import { renderReport, type ReportInput } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { loadBackend } from '@metadescent/tfjs/backend';
import { join } from 'node:path';
import { commandText } from '../command-text.js';
import { packagedMnist } from '../data.js';
import { makeOutputFolder } from '../output-folder.js';
import { plotText } from '../result-text.js';
import { terminalOf, wrapped } from '../terminal.js';

export type TfjsExample = 'mnist' | 'cnn' | 'compose';

export interface TfjsOptions {
  readonly seed: number;
  readonly out?: string;
  readonly data?: string;
}

/** `metadescent tfjs <example>`: runs it on the fastest tfjs backend, draws the curves and writes report.html. */
export async function tfjs(
  name: TfjsExample,
  { seed, out, data }: TfjsOptions & { readonly out: string },
): Promise<void> {
  const began = performance.now();
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const backend = await loadBackend({ onMessage: log });
  if (backend.refused.length === 0) log(`backend: ${backend.detail}`);
  const mnist = () => loadMnist(data ?? packagedMnist());
  // Loaded now, because the examples make tensors as soon as they are, and those need the backend.
  const run = {
    mnist: async () => (await import('./mnist.js')).mnistExample(mnist(), seed, log),
    cnn: async () => (await import('./cnn.js')).cnnExample(mnist(), seed, log),
    compose: async () => (await import('./compose.js')).composeExample(seed, log),
  };
  const { title, summary, curves, sections } = await run[name]();
  const report: ReportInput = {
    title,
    summary: [...summary],
    sections: [
      { heading: curves.title, blocks: [{ type: 'curves', curves }] },
      ...sections,
      {
        heading: 'How to repeat it',
        blocks: [
          {
            type: 'run',
            facts: {
              engine: backend.detail,
              seed,
              wallTimeSeconds: (performance.now() - began) / 1000,
              command: commandText('tfjs', name, '--seed', String(seed)),
            },
          },
        ],
      },
    ],
  };
  makeOutputFolder(out);
  const path = join(out, 'report.html');
  writeFileAtomic(path, await renderReport(report));
  const terminal = terminalOf(process.stdout);
  const text = [plotText(curves, terminal), ...summary.map((line) => wrapped(line, terminal))];
  process.stdout.write(`${text.join('\n')}\nreport: ${path}\n`);
}
