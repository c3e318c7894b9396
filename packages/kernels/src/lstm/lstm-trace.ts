import { requireCount, requireNumber } from '../engine/array-checks.js';
import type { BareLstm, TracePlace } from './bare-lstm.js';
import type { LstmShape, LstmTrace } from './lstm-kernel.js';
import { LSTM_LANES } from './lstm-layout.js';

const DEFAULT_MAX_BYTES = 96 * 2 ** 20;

/** The trace of one kernel: what all engines count alike, and the engine's own storage (an array or an address). */
export class CountedTrace implements LstmTrace {
  #steps = 0;
  #storage: unknown;
  #bytes: number;
  #disposed = false;

  constructor(
    /** A trace is of no use to another kernel. */
    readonly owner: BareLstm<unknown>,
    readonly coordinates: number,
    readonly capacity: number,
    /** Blocks of 16 coordinates whose gates are kept. */
    readonly blocks: number,
    bytes: number,
    storage: unknown,
  ) {
    this.#bytes = bytes;
    this.#storage = storage;
    // C writes as far as these counts say.
    Object.freeze(this);
  }

  get steps(): number {
    return this.#steps;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  get place(): TracePlace<unknown> {
    return { storage: this.#storage, blocks: this.blocks, capacity: this.capacity, first: this.steps };
  }

  append(steps: number): void {
    this.#steps += steps;
  }

  clear(): void {
    this.#steps = 0;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.owner.freeTrace(this.#storage);
    this.#storage = undefined;
    this.#bytes = 0;
    this.#disposed = true;
  }
}

/**
 * How many blocks of 16 coordinates a trace keeps, and how many floats that takes.
 *
 * @throws RangeError if a count is not a positive integer or `maxBytes` is negative.
 */
export function traceExtent(
  { hidden, layers }: LstmShape,
  n: number,
  capacity: number,
  maxBytes = DEFAULT_MAX_BYTES,
): { blocks: number; floats: number } {
  const caller = 'LstmKernel.createTrace';
  requireCount(caller, 'n', n);
  requireCount(caller, 'capacity', capacity);
  requireNumber(caller, 'maxBytes', maxBytes);
  if (!(maxBytes >= 0))
    throw new RangeError(`${caller}: \`maxBytes\` must be at least 0, but is ${maxBytes}`);
  const blockFloats = capacity * layers * 4 * hidden * LSTM_LANES;
  const blocks = Math.min(Math.ceil(n / LSTM_LANES), Math.floor(maxBytes / (4 * blockFloats)));
  const floats = blocks * blockFloats;
  if (floats > MAX_TRACE_FLOATS) {
    throw new RangeError(
      `${caller}: the trace would take ${4 * floats} bytes, but at most ${4 * MAX_TRACE_FLOATS} are possible; lower \`maxBytes\``,
    );
  }
  return { blocks, floats };
}

/** 4 GiB, less what the C side needs to align it: what a typed array holds everywhere. */
const MAX_TRACE_FLOATS = 2 ** 30 - 2 * LSTM_LANES;

/** The trace to which `steps` steps of n coordinates will be appended. Without a trace, undefined. */
export function traceWithRoom(
  caller: 'step' | 'sequence' | 'forward',
  owner: BareLstm<unknown>,
  trace: LstmTrace | undefined,
  n: number,
  steps: number,
): CountedTrace | undefined {
  const own = ownTrace(caller, owner, trace, n);
  if (own && own.steps + steps > own.capacity) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` holds ${own.steps} of ${own.capacity} steps, no room for ${steps} more; clear() it for a new segment`,
    );
  }
  return own;
}

/** The trace of a segment of `steps` steps that is to be backpropagated. Without a trace, undefined. */
export function traceForSegment(
  owner: BareLstm<unknown>,
  trace: LstmTrace | undefined,
  n: number,
  steps: number,
  caller: 'backpropagate' | 'backward' = 'backpropagate',
): CountedTrace | undefined {
  const own = ownTrace(caller, owner, trace, n);
  if (own && own.steps !== steps) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` must hold the ${steps} steps of the segment, but holds ${own.steps}`,
    );
  }
  return own;
}

function ownTrace(
  caller: string,
  owner: BareLstm<unknown>,
  trace: LstmTrace | undefined,
  n: number,
): CountedTrace | undefined {
  if (trace === undefined) return undefined;
  if (!(trace instanceof CountedTrace) || trace.owner !== owner) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` must come from this kernel's createTrace, but comes from elsewhere`,
    );
  }
  if (trace.disposed) {
    throw new RangeError(`LstmKernel.${caller}: \`trace\` was disposed; make a new one with createTrace`);
  }
  if (trace.coordinates !== n) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` is for ${trace.coordinates} coordinates, but got ${n}`,
    );
  }
  return trace;
}
