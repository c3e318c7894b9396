import type { KernelEngine, LstmKernel, LstmTrace } from '@metadescent/kernels';
import { createLstmKernel, type LstmRule } from './lstm-rule.js';

/** The kernel of a rule, with the memory in which its forward steps leave what their backpropagation needs. */
export interface TracedKernel {
  readonly kernel: LstmKernel;
  /** An empty trace for segments of `capacity` steps of the n coordinates of a network; the next call with the same arguments empties and returns the same one. */
  traceOf(network: string, n: number, capacity: number): LstmTrace;
}

const made = new WeakMap<KernelEngine, Map<string, TracedKernel>>();

/** One kernel for each shape and engine: a trace takes up to 96 MiB, so segment after segment shares it. */
export function tracedKernel(rule: LstmRule, engine: KernelEngine): TracedKernel {
  const kernels = made.get(engine) ?? new Map<string, TracedKernel>();
  made.set(engine, kernels);
  const kernel = createLstmKernel(rule, engine);
  const shape = JSON.stringify(kernel.shape);
  const known = kernels.get(shape);
  if (known) return known;
  const traces = new Map<string, LstmTrace>();
  const traced: TracedKernel = {
    kernel,
    traceOf(network, n, capacity) {
      const name = `${network}/${n}/${capacity}`;
      const trace = traces.get(name) ?? kernel.createTrace(n, capacity);
      traces.set(name, trace);
      trace.clear();
      return trace;
    },
  };
  kernels.set(shape, traced);
  return traced;
}
