import { typescriptEngine } from '../engine/typescript-engine.js';
import { typescriptGpsEngine } from '../gps/gps-typescript.js';
import type { Arguments, EnginePair, Numbers, WrapperCall } from './wrapper-call.js';
import { wrapperCalls } from './wrapper-calls.js';

/**
 * What a trial must end with: an error that names the wrapper and an argument; the numbers of the unchanged
 * call; those of the TypeScript twin with the same arguments; or an error or numbers, where some engine may
 * do without the error.
 */
type Outcome = 'refused' | 'same' | 'twin' | 'refused or same' | 'refused or twin';

interface Trial {
  readonly name: string;
  readonly outcome: Outcome;
  /** The arguments, changed. `check` looks at the memory around them afterwards. */
  change(args: Record<string, unknown>): { readonly check?: () => boolean } | void;
}

/** How many trials were made, and what went wrong, one line each. */
export interface TrialReport {
  readonly trials: number;
  readonly failures: readonly string[];
}

const twin: EnginePair = { kernels: typescriptEngine(), gps: typescriptGpsEngine() };

/**
 * Tries every argument of every wrapper of these engines with all kinds of values that do not fit, and of
 * values that just fit.
 */
export function tryArguments(engines: EnginePair): TrialReport {
  const failures: string[] = [];
  let trials = 0;
  for (const call of wrapperCalls) {
    const unchanged = resultOf(call, engines, argumentsOf(call));
    for (const trial of trialsOf(call)) {
      trials++;
      const failure = failureOf(call, trial, engines, unchanged);
      if (failure !== undefined)
        failures.push(`${call.caller}${call.variant ? ` (${call.variant})` : ''}, ${trial.name}: ${failure}`);
    }
  }
  return { trials, failures };
}

function failureOf(
  call: WrapperCall,
  trial: Trial,
  engines: EnginePair,
  unchanged: Numbers[],
): string | undefined {
  const args = argumentsOf(call);
  const { check } = trial.change(args) ?? {};
  const forTwin = trial.outcome.endsWith('twin') ? copied(args) : args;
  let result: Numbers[];
  try {
    result = resultOf(call, engines, args);
  } catch (error) {
    if (trial.outcome === 'same' || trial.outcome === 'twin') return `refused: ${String(error)}`;
    const { name, message } = error as Error;
    const named = (name === 'TypeError' || name === 'RangeError') && message.startsWith(`${call.caller}: \``);
    return named ? undefined : `an error that names no argument: ${String(error)}`;
  }
  if (trial.outcome === 'refused') return 'accepted';
  if (check && !check()) return 'memory around the argument was written';
  if (trial.outcome === 'refused or same') return undefined;
  if (trial.outcome === 'same')
    return result.every((array, i) => equal(array, unchanged[i]!)) ? undefined : 'other numbers';
  const expected = resultOf(call, twin, forTwin);
  const apart = result.findIndex((array, i) => !close(array, expected[i]!, call.looseInfinities ?? false));
  return apart < 0
    ? undefined
    : `[${[...result[apart]!].slice(0, 8)}…] against [${[...expected[apart]!].slice(0, 8)}…] of the twin`;
}

function argumentsOf(call: WrapperCall): Record<string, unknown> {
  const { read, written } = call.arrays();
  return { ...call.counts, ...call.reals, ...call.flags, ...read, ...written };
}

const copied = (args: Arguments): Arguments =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value) ? (value as Numbers).slice() : value,
    ]),
  );

/** The call's numbers, and what it wrote. */
function resultOf(call: WrapperCall, engines: EnginePair, given: Arguments): Numbers[] {
  const args = { ...given };
  const numbers = call.run(engines, args) ?? [];
  const written = Object.keys(call.arrays().written).map((name) => args[name]);
  return [
    Float64Array.from(numbers),
    ...(written.filter((array) => ArrayBuffer.isView(array)) as Numbers[]),
  ].map((array) => array.slice());
}

function* trialsOf(call: WrapperCall): Iterable<Trial> {
  const { read, written } = call.arrays();
  for (const [name, array] of Object.entries({ ...read, ...written })) {
    yield* wrongTypes(name, array, call.optional?.includes(name) ?? false);
    if (!call.anyLength?.includes(name)) yield* wrongLengths(name);
    yield* unusualBuffers(name);
    if (array instanceof Float32Array || array instanceof Float64Array) yield* unusualNumbers(name);
  }
  yield* overlaps(call, read, written);
  for (const [name, count] of Object.entries(call.counts ?? {})) yield* wrongCounts(name, count);
  for (const name of Object.keys(call.reals ?? {})) {
    for (const value of ['1', null, {}, 1n]) yield replacing(name, value, 'refused');
    for (const value of [NaN, Infinity, -Infinity]) yield replacing(name, value, 'refused or twin');
  }
  for (const name of Object.keys(call.flags ?? {}))
    for (const value of ['yes', 1, null, NaN]) yield replacing(name, value, 'refused');
}

function replacing(name: string, value: unknown, outcome: Outcome): Trial {
  const shown =
    typeof value === 'object' && value !== null ? value.constructor.name : `${typeof value} ${String(value)}`;
  return { name: `${name} = ${shown}`, outcome, change: (args) => void (args[name] = value) };
}

function* wrongTypes(name: string, array: Numbers, optional: boolean): Iterable<Trial> {
  const { length } = array;
  const types = [
    Float32Array,
    Float64Array,
    Int32Array,
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Uint32Array,
  ];
  for (const Type of types)
    if (array.constructor !== Type) yield replacing(name, new Type(length), 'refused');
  for (const Type of [BigInt64Array, BigUint64Array]) yield replacing(name, new Type(length), 'refused');
  const bytes = array.byteLength;
  const others = [
    new Array<number>(length).fill(0),
    new ArrayBuffer(bytes),
    new DataView(new ArrayBuffer(bytes)),
    { length },
    null,
    0,
    '0',
  ];
  for (const value of others) yield replacing(name, value, 'refused');
  if (!optional) yield replacing(name, undefined, 'refused');
}

function* wrongLengths(name: string): Iterable<Trial> {
  const resized = (label: string, change: (array: Numbers) => Numbers): Trial => ({
    name: `${name} ${label}`,
    outcome: 'refused',
    change: (args) => void (args[name] = change(args[name] as Numbers)),
  });
  yield resized('of length 0', (array) => array.slice(0, 0));
  yield resized('one too short', (array) => array.subarray(0, array.length - 1));
  yield resized('one too long', (array) =>
    like(array, new ArrayBuffer(array.byteLength + array.BYTES_PER_ELEMENT)),
  );
  yield resized('transferred away', (array) => {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  });
}

function* unusualBuffers(name: string): Iterable<Trial> {
  const moved = (
    label: string,
    room: (array: Numbers) => { view: Numbers; check?: () => boolean },
  ): Trial => ({
    name: `${name} ${label}`,
    outcome: 'same',
    change(args) {
      const array = args[name] as Numbers;
      const { view, check } = room(array);
      view.set(array);
      args[name] = view;
      return check ? { check } : {};
    },
  });
  yield moved('in shared memory', (array) => ({
    view: like(array, new SharedArrayBuffer(array.byteLength)),
  }));
  yield moved('in a resizable buffer', (array) => {
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer;
    return {
      view: like(array, new Resizable(array.byteLength, { maxByteLength: 2 * array.byteLength + 8 })),
    };
  });
  for (const offset of [1, 3]) {
    yield moved(`${offset} numbers into a larger buffer`, (array) => {
      const from = offset * array.BYTES_PER_ELEMENT;
      const bytes = new Uint8Array(from + array.byteLength + 64).fill(0xa5);
      const view = like(array, bytes.buffer, from, array.length);
      const outside = (byte: number, i: number) =>
        (i >= from && i < from + array.byteLength) || byte === 0xa5;
      return { view, check: () => bytes.every(outside) };
    });
  }
}

function* unusualNumbers(name: string): Iterable<Trial> {
  for (const value of [NaN, Infinity, -Infinity]) {
    for (const place of ['first', 'last', 'every'] as const) {
      yield {
        name: `${value} in the ${place} place of ${name}`,
        outcome: 'twin',
        change(args) {
          const array = args[name] as Float32Array;
          if (place === 'every') array.fill(value);
          else array[place === 'first' ? 0 : array.length - 1] = value;
        },
      };
    }
  }
}

function* overlaps(
  call: WrapperCall,
  read: Readonly<Record<string, Numbers>>,
  written: Readonly<Record<string, Numbers>>,
): Iterable<Trial> {
  for (const [name, output] of Object.entries(written)) {
    for (const [other, array] of Object.entries({ ...read, ...written })) {
      if (other === name || (call.mayShare?.includes(name) && call.mayShare.includes(other))) continue;
      yield {
        name: `${name} in the memory of ${other}`,
        outcome: 'refused',
        change(args) {
          const buffer = new ArrayBuffer(Math.max(output.byteLength, array.byteLength));
          args[name] = like(output, buffer, 0, output.length);
          args[other] = like(array, buffer, 0, array.length);
        },
      };
    }
  }
}

function* wrongCounts(name: string, count: number): Iterable<Trial> {
  for (const value of [
    NaN,
    Infinity,
    -Infinity,
    -1,
    count + 0.5,
    2 ** 31,
    2 ** 32 + count,
    1e308,
    String(count),
    null,
    {},
    [count],
  ])
    yield replacing(name, value, 'refused');
  for (const value of [0, 2 ** 29, 2 ** 30 - 1, 2 ** 30]) yield replacing(name, value, 'refused or same');
}

/** A view of the same type as `array`. */
function like(array: Numbers, buffer: ArrayBufferLike, from?: number, length?: number): Numbers {
  const Type = array.constructor as new (buffer: ArrayBufferLike, from?: number, length?: number) => Numbers;
  return new Type(buffer, from, length);
}

const equal = (a: Numbers, b: Numbers): boolean =>
  a.length === b.length && a.every((x, i) => Object.is(x, b[i]));

/** NaN and infinities in the same places; the rest within rounding, on the scale of the largest finite number. */
function close(a: Numbers, b: Numbers, looseInfinities: boolean): boolean {
  const finite = [...b].filter(Number.isFinite).map(Math.abs);
  const scale = 1 + finite.reduce((x, y) => Math.max(x, y), 0);
  const tolerance = (a instanceof Float32Array ? 1e-5 : 1e-6) * scale;
  const agree = (x: number, y: number) =>
    Object.is(x, y) ||
    Math.abs(x - y) <= tolerance ||
    (looseInfinities && !Number.isFinite(x) && !Number.isFinite(y));
  return a.length === b.length && a.every((x, i) => agree(x, b[i]!));
}
