import type { KernelEngine } from '../engine/kernel-engine.js';
import type { GpsEngine } from '../gps/gps-engine.js';
import { normals } from './random-arrays.js';

/** The engines of one instruction set. */
export interface EnginePair {
  readonly kernels: KernelEngine;
  readonly gps: GpsEngine;
}

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;
export type Arguments = Readonly<Record<string, unknown>>;

/**
 * One valid call of a wrapper, of which trials change an argument at a time. Arguments have the names that
 * error messages give them.
 */
export interface WrapperCall {
  /** As errors name it. */
  readonly caller: string;
  /** What else distinguishes it. */
  readonly variant?: string;
  /** New arrays at every call: those that are only read, and those that are written. */
  arrays(): {
    readonly read: Readonly<Record<string, Numbers>>;
    readonly written: Readonly<Record<string, Numbers>>;
  };
  /** Integers that must fit the arrays. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Any real numbers. */
  readonly reals?: Readonly<Record<string, number>>;
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Arrays that may be left out. */
  readonly optional?: readonly string[];
  /** Arrays of which a part is read, so that they may have any length. */
  readonly anyLength?: readonly string[];
  /**
   * Whether engines agree only on which numbers are finite: a saturated gate is 0 on one engine and 10⁻³⁸ on
   * another, and with an infinite number that makes NaN or ∞.
   */
  readonly looseInfinities?: boolean;
  /** Pairs that may be one array. */
  readonly mayShare?: readonly string[];
  /** Makes the call; returns numbers beside those in the written arrays. */
  run(engines: EnginePair, args: Arguments): readonly number[] | void;
}

/** Draws are made once; every call gets a copy. */
const drawn = new Map<string, Float32Array>();
export function f32(name: string, length: number): Float32Array {
  const key = `${name} ${length}`;
  const draw = drawn.get(key) ?? normals(name, length, 0.5);
  drawn.set(key, draw);
  return draw.slice();
}
export const f64 = (name: string, length: number) => Float64Array.from(f32(name, length));
