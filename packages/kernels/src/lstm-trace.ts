import type { LstmShape, LstmTrace } from './engine.js';
import { requirePositiveInteger } from './array-lengths.js';
import { LSTM_LANES } from './lstm-layout.js';

const DEFAULT_MAX_BYTES = 96 * 2 ** 20;

/** The trace of one kernel: what all engines count alike, and the engine's own storage (an array or an address). */
export class CountedTrace<Storage> implements LstmTrace {
  steps = 0;

  constructor(
    /** The kernel's identity: a trace is of no use to another one. */
    readonly owner: object,
    readonly coordinates: number,
    readonly capacity: number,
    /** Blocks of 16 coordinates whose gates are kept. */
    readonly blocks: number,
    readonly storage: Storage,
  ) {}

  clear(): void {
    this.steps = 0;
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
  requirePositiveInteger(caller, 'n', n);
  requirePositiveInteger(caller, 'capacity', capacity);
  if (!(maxBytes >= 0))
    throw new RangeError(`${caller}: \`maxBytes\` must be at least 0, but is ${maxBytes}`);
  const blockFloats = capacity * layers * 4 * hidden * LSTM_LANES;
  const blocks = Math.min(Math.ceil(n / LSTM_LANES), Math.floor(maxBytes / (4 * blockFloats)));
  return { blocks, floats: blocks * blockFloats };
}

/** Appends `steps` steps; returns the trace with the index of the first of them. Without a trace, undefined. */
export function appendToTrace<Storage>(
  caller: 'step' | 'sequence',
  owner: object,
  trace: LstmTrace | undefined,
  n: number,
  steps: number,
): { trace: CountedTrace<Storage>; first: number } | undefined {
  const own = ownTrace<Storage>(caller, owner, trace, n);
  if (!own) return undefined;
  const first = own.steps;
  if (first + steps > own.capacity) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` holds ${first} of ${own.capacity} steps, no room for ${steps} more; clear() it for a new segment`,
    );
  }
  own.steps = first + steps;
  return { trace: own, first };
}

/** The trace of a segment of `steps` steps that is to be backpropagated. Without a trace, undefined. */
export function traceOfSegment<Storage>(
  owner: object,
  trace: LstmTrace | undefined,
  n: number,
  steps: number,
): CountedTrace<Storage> | undefined {
  const own = ownTrace<Storage>('backpropagate', owner, trace, n);
  if (own && own.steps !== steps) {
    throw new RangeError(
      `LstmKernel.backpropagate: \`trace\` must hold the ${steps} steps of the segment, but holds ${own.steps}`,
    );
  }
  return own;
}

function ownTrace<Storage>(
  caller: string,
  owner: object,
  trace: LstmTrace | undefined,
  n: number,
): CountedTrace<Storage> | undefined {
  if (!trace) return undefined;
  if (!(trace instanceof CountedTrace) || trace.owner !== owner) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` must come from this kernel's createTrace, but comes from elsewhere`,
    );
  }
  if (trace.coordinates !== n) {
    throw new RangeError(
      `LstmKernel.${caller}: \`trace\` is for ${trace.coordinates} coordinates, but got ${n}`,
    );
  }
  return trace as CountedTrace<Storage>;
}
