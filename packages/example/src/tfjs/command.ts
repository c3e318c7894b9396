import { UserError } from '@metadescent/core';
import { loadMnist } from '@metadescent/optimizees/node';
import { renderReport, terminalPlot, type ReportInput } from '@metadescent/reporting';
import { writeFileAtomic } from '@metadescent/runtime';
import { loadBackend } from '@metadescent/tfjs/backend';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagedMnist } from '../data.js';

export type TfjsExample = 'mnist' | 'cnn' | 'compose';

export interface TfjsOptions {
  readonly seed: number;
  readonly out?: string;
  readonly data?: string;
}

/** `metadescent tfjs <example>`: runs it on the fastest tfjs backend, draws the curves and writes report.html. */
export async function tfjs(name: TfjsExample, { seed, out = join('runs', `tfjs-${name}`), data }: TfjsOptions): Promise<void> {
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
            facts: { engine: backend.detail, seed, wallTimeSeconds: (performance.now() - began) / 1000, command: `npx metadescent tfjs ${name} --seed ${seed}` },
          },
        ],
      },
    ],
  };
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new UserError(`cannot make the folder ${out} (${(error as NodeJS.ErrnoException).code}); give another one with --out`);
  }
  const path = join(out, 'report.html');
  writeFileAtomic(path, await renderReport(report));
  process.stdout.write(`${terminalPlot(curves)}\n${summary.join('\n')}\nreport: ${path}\n`);
}
