import { printable } from './printable-text.js';
import type { Tensor } from './safetensors.js';
import { describeKind } from './typed-array.js';
import { UserError } from './user-error.js';

/** Keys of the records that stand for a tensor, and for a number that JSON lacks. */
const TENSOR = '$tensor';
const NUMBER = '$number';
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/**
 * Takes plain data (numbers, strings, lists, records, typed arrays) apart: typed arrays go to `tensors` under
 * names that start with `path`, the rest comes back, fit for JSON. For checkpoints: every bit comes back, NaN,
 * infinities and −0 included. Entries that are undefined are left out.
 *
 * @throws UserError on what is no plain data: functions, 64-bit integers, other objects, records with the
 *   keys `$tensor` or `$number`.
 */
export function packPlainData(value: unknown, path: string, tensors: Record<string, Tensor>): unknown {
  if (ArrayBuffer.isView(value)) return { [TENSOR]: addTensor(value as Float64Array, path, tensors) };
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map((entry, i) => packPlainData(entry, `${path}.${i}`, tensors));
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (!isPlainRecord(value) || Object.hasOwn(value, TENSOR) || Object.hasOwn(value, NUMBER)) {
    throw new UserError(
      `packPlainData: "${printable(path)}" is ${describeKind(value)}, which cannot be stored; a state is made of numbers, ` +
        `strings, lists, typed arrays and plain records of them (without the keys ${TENSOR} and ${NUMBER})`,
    );
  }
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, packPlainData(entry, `${path}.${name}`, tensors)]),
  );
}

/**
 * Puts together what `packPlainData` took apart.
 *
 * @param caller whose failure it is, as its user knows it
 * @throws UserError if a tensor is missing, or a stand-in is not what `packPlainData` writes.
 */
export function unpackPlainData(
  value: unknown,
  tensors: Readonly<Record<string, Tensor>>,
  caller = 'unpackPlainData',
): unknown {
  if (Array.isArray(value)) return value.map((entry) => unpackPlainData(entry, tensors, caller));
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, NUMBER)) {
    const text = (value as Record<string, unknown>)[NUMBER];
    return (
      NUMBERS.get(text) ??
      damaged(
        caller,
        `a number is written as ${typeof text === 'string' ? `"${printable(text)}"` : describeKind(text)}`,
      )
    );
  }
  if (Object.hasOwn(value, TENSOR)) {
    const name = (value as Record<string, unknown>)[TENSOR];
    if (typeof name !== 'string') return damaged(caller, `the name of a tensor is ${describeKind(name)}`);
    return Object.hasOwn(tensors, name)
      ? tensors[name]!.data
      : damaged(caller, `tensor "${printable(name)}" is missing`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, unpackPlainData(entry, tensors, caller)]),
  );
}

/**
 * Puts together what `packPlainData` took apart and JSON then wrote.
 *
 * @throws UserError as `unpackPlainData` does, and if the text is not JSON.
 */
export function parsePlainData(
  json: string,
  tensors: Readonly<Record<string, Tensor>>,
  caller = 'parsePlainData',
): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return damaged(caller, `the structure is not JSON (${printable((error as Error).message, 120)})`);
  }
  return unpackPlainData(value, tensors, caller);
}

/** A name of its own for each array: `{ 'a.b': x, a: { b: y } }` has one path twice. */
function addTensor(data: Float64Array, path: string, tensors: Record<string, Tensor>): string {
  let name = path;
  while (Object.hasOwn(tensors, name)) name += "'";
  tensors[name] = { shape: [data.length], data };
  return name;
}

function isPlainRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
  );
}

function damaged(caller: string, what: string): never {
  throw new UserError(`${caller}: ${what}; the file is damaged, or was written by something else`);
}
