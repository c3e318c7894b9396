import { existsSync, readFileSync } from 'node:fs';
import { resourceUsage } from 'node:process';
import { loadEngine } from '@metadescent/kernels/node';

/**
 * A process of its own that unrolls the 2×20 LSTM for 100 steps over 15,910 coordinates (the MNIST network),
 * in segments of 20 with a meta-gradient each, and prints its peak memory above idle in megabytes. Run by
 * `kernel-bench.ts`; the engine's name is the argument.
 */
const coordinates = 15_910;
const segments = 5;
const steps = 20;
const kernel = loadEngine(process.argv[2]).lstm({ inputs: 2, hidden: 20, layers: 2 });
const idle = peakKilobytes();

const weights = Float32Array.from({ length: kernel.weightCount }, (_, i) => Math.sin(i) / 5);
const gradient = new Float32Array(kernel.weightCount);
const state = new Float32Array(kernel.stateSize(coordinates));
const outputs = new Float32Array(coordinates);
const features = new Float32Array(steps * 2 * coordinates);
const cotangent = new Float32Array(steps * coordinates);
const trace = kernel.createTrace(coordinates, steps);
for (let segment = 0; segment < segments; segment++) {
  const start = state.slice();
  trace.clear();
  for (let t = 0; t < steps; t++) {
    const step = features.subarray(t * 2 * coordinates, (t + 1) * 2 * coordinates);
    for (let i = 0; i < step.length; i++) step[i] = Math.cos(i + t);
    kernel.step(weights, step, state, outputs, trace);
    cotangent.set(outputs, t * coordinates);
  }
  kernel.backpropagate(weights, start, features, cotangent, gradient, trace);
}
console.log(JSON.stringify({ megabytes: (peakKilobytes() - idle) / 1024 }));

/**
 * The high-water mark of resident memory. On Linux from /proc: `maxRSS` begins at what the parent had when it
 * forked, and would hide that much.
 */
function peakKilobytes(): number {
  const status = '/proc/self/status';
  const mark = existsSync(status) ? /VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return mark ? Number(mark) : resourceUsage().maxRSS;
}
