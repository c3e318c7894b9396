import { median } from '@metadescent/core';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Wall seconds from starting `metadescent --help` to its end, the median over `repetitions`. */
export function startUpSeconds(repetitions: number): number {
  const command = fileURLToPath(new URL('../../bin/metadescent.js', import.meta.url));
  const seconds = Array.from({ length: repetitions }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [command, '--help'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`startUpSeconds: metadescent --help failed: ${stderr}`);
    return (performance.now() - start) / 1000;
  });
  return median(seconds);
}
