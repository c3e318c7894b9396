import { availableParallelism, totalmem } from 'node:os';

import { UserError } from '@metadescent/core';

/** More threads than a few for each core only wait for each other. */
const PER_CORE = 4;
/** What a worker thread is reckoned with, in bytes: Node takes some 20 MB for a thread before it loads a task. */
const BYTES_EACH = 64 * 2 ** 20;
/** The share of the machine's memory that worker threads may be reckoned with. */
const MEMORY_SHARE = 0.5;

/** What decides how many workers make sense. */
export interface Machine {
  readonly cores: number;
  /** Bytes that this process may use. */
  readonly memory: number;
}

/**
 * How many worker threads to start: `requested`, or one per core, as far as memory goes. Results do not depend on it.
 *
 * @throws UserError if `requested` is not an integer from 0 to four times the number of cores, or to the
 *   number for which half of the memory suffices at 64 MB each, whichever is less.
 * @example
 * workerCount(1) // => 1
 */
export function workerCount(requested?: number, machine: Machine = thisMachine()): number {
  const { cores, memory } = machine;
  const affordable = Math.max(1, Math.floor((MEMORY_SHARE * memory) / BYTES_EACH));
  const usual = Math.min(cores, affordable);
  if (requested === undefined) return usual;
  const most = Math.min(PER_CORE * cores, affordable);
  if (Number.isInteger(requested) && requested >= 0 && requested <= most) return requested;
  throw new UserError(
    `workers must be an integer from 0 to ${most} on this machine, but is ${requested}: it has ` +
      `${count(cores, 'core')}, of which each keeps at most ${PER_CORE} busy, and ${gigabytes(memory)} GB ` +
      'of memory, of which each takes 64 MB or more' +
      `${requested > most ? ` (${requested}: ${gigabytes(requested * BYTES_EACH)} GB)` : ''}; take ${usual}` +
      ', or leave the number out',
  );
}

/** A container may have less memory than its machine. */
function thisMachine(): Machine {
  const constrained = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    memory: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function gigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toPrecision(2);
}
