import { createKey, isUserError } from '@metadescent/core';

import { drawsOf, mutate } from './mutations.js';

/** @typedef {import('./readers.js').Reader} Reader */

/**
 * One input, made from its number alone.
 *
 * @param {readonly Reader[]} readers
 * @param {number} seed
 * @param {number} index
 */
export function inputOf(readers, seed, index) {
  const reader = /** @type {Reader} */ (readers[index % readers.length]);
  const draws = drawsOf(createKey(seed).fold(index));
  return { reader, bytes: mutate(draws.oneOf(reader.seeds), reader.seeds, reader.kind, draws) };
}

/** What a terminal obeys; describeIssues writes several lines. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/u;
const LONGEST_MESSAGE = 6000;

/**
 * Gives a reader an input.
 *
 * @param {Reader} reader
 * @param {Uint8Array} bytes
 * @returns {{ accepted: boolean, fault?: string }} `fault`: what is wrong with how it was read or refused
 */
export function tryInput(reader, bytes) {
  try {
    reader.read(bytes);
    return { accepted: true };
  } catch (error) {
    const { name, message, stack } = /** @type {Error} */ (error);
    if (!isUserError(error)) return { accepted: false, fault: `${name}: ${stack ?? message}` };
    if (UNPRINTABLE.test(message.replaceAll('\n', ' ')))
      return { accepted: false, fault: `the message has control characters: ${JSON.stringify(message)}` };
    if (message.length > LONGEST_MESSAGE)
      return {
        accepted: false,
        fault: `the message has ${message.length} characters: ${JSON.stringify(message.slice(0, 300))}`,
      };
    return { accepted: false };
  }
}

/**
 * Gives mutated inputs to the readers in turn.
 *
 * @param {readonly Reader[]} readers
 * @param {{ seed: number, first?: number, inputs: number, onInput?: (index: number) => void, mostFaults?:
 *   number }} options
 */
export function fuzz(readers, { seed, first = 0, inputs, onInput, mostFaults = 20 }) {
  const counts = readers.map(({ name }) => ({ name, inputs: 0, accepted: 0, slowest: 0 }));
  /** @type {{ index: number, reader: string, fault: string }[]} */
  const faults = [];
  for (let index = first; index < first + inputs && faults.length < mostFaults; index++) {
    onInput?.(index);
    const { reader, bytes } = inputOf(readers, seed, index);
    const count = /** @type {(typeof counts)[number]} */ (counts[index % readers.length]);
    const begin = performance.now();
    const { accepted, fault } = tryInput(reader, bytes);
    count.slowest = Math.max(count.slowest, performance.now() - begin);
    count.inputs++;
    if (accepted) count.accepted++;
    if (fault !== undefined) faults.push({ index, reader: reader.name, fault });
  }
  return { counts, faults };
}
