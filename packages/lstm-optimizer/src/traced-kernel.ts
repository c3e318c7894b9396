import type { KernelEngine, LstmKernel, LstmTrace } from '@metadescent/kernels';
import { createLstmKernel, inputCount, type LstmRule } from './lstm-rule.js';

/** A network whose segment will be backpropagated whole. */
export interface TracedNetwork {
  readonly name: string;
  /** Its coordinates. */
  readonly size: number;
}

/** The kernel of a rule, with the memory in which its forward steps leave what their backpropagation needs. */
export interface TracedKernel {
  readonly kernel: LstmKernel;
  /**
   * Runs `work` with an empty trace for segments of `capacity` steps of each network, by its name. The traces
   * are on loan: they serve the next segment, or are disposed of.
   */
  withTraces<Result>(
    networks: readonly TracedNetwork[],
    capacity: number,
    work: (traces: ReadonlyMap<string, LstmTrace>) => Result,
  ): Result;
}

/**
 * Bytes of traces of earlier segments that wait for a segment of their size: one of the largest kind, or
 * several smaller ones. Those of the last segment always wait, since the next one is most often like it.
 */
export const MAX_WAITING_BYTES = 96 * 2 ** 20;
/** Their number, however small they are. */
const MAX_WAITING = 32;
/** Shapes of kernels that are remembered for an engine, the latest ones. */
const MAX_KERNELS = 4;

const made = new WeakMap<KernelEngine, Map<string, TracedKernel>>();

/** One kernel for each shape and engine: a trace takes up to 96 MiB, so segment after segment shares it. */
export function tracedKernel(rule: LstmRule, engine: KernelEngine): TracedKernel {
  const kernels = made.get(engine) ?? new Map<string, TracedKernel>();
  made.set(engine, kernels);
  const shape = [inputCount(rule), rule.hidden, rule.layers].join();
  const traced = kernels.get(shape) ?? createTracedKernel(createLstmKernel(rule, engine));
  // The latest one stands last.
  kernels.delete(shape);
  kernels.set(shape, traced);
  const [oldest] = kernels.keys();
  if (kernels.size > MAX_KERNELS) kernels.delete(oldest!);
  return traced;
}

/** The loans of one kernel's traces. */
export function createTracedKernel(kernel: LstmKernel): TracedKernel {
  // Those that are not on loan, the longest waiting first.
  const waiting: LstmTrace[] = [];

  const borrow = (n: number, capacity: number): LstmTrace => {
    const fitting = waiting.findLastIndex((trace) => trace.coordinates === n && trace.capacity === capacity);
    if (fitting < 0) return kernel.createTrace(n, capacity);
    const [trace] = waiting.splice(fitting, 1) as [LstmTrace];
    trace.clear();
    return trace;
  };

  const takeBack = (returned: Iterable<LstmTrace>): void => {
    let bytes = waiting.reduce((sum, trace) => sum + trace.bytes, 0);
    while (bytes > MAX_WAITING_BYTES || waiting.length > MAX_WAITING) {
      const oldest = waiting.shift()!;
      bytes -= oldest.bytes;
      oldest.dispose();
    }
    waiting.push(...returned);
  };

  return {
    kernel,
    withTraces(networks, capacity, work) {
      const traces = new Map<string, LstmTrace>();
      try {
        for (const { name, size } of networks) traces.set(name, borrow(size, capacity));
        return work(traces);
      } finally {
        takeBack(traces.values());
      }
    },
  };
}
