import {
  readSafetensors,
  UserError,
  writeSafetensors,
  type Tensor,
  type TensorFile,
} from '@metadescent/core';
import type { GuidedPolicySearchState } from './state.js';

const FORMAT = 'metadescent guided-policy-search state 1';

/**
 * The state of a run as the bytes of a safetensors file: typed arrays become tensors, everything else JSON metadata. `decodeState` gives back every bit.
 */
export function encodeState<S>(state: GuidedPolicySearchState<S>): Uint8Array {
  return writeSafetensors(stateToTensors(state));
}

/**
 * @throws UserError if the bytes hold something else; SafetensorsError if they are damaged.
 */
export function decodeState<S>(bytes: Uint8Array): GuidedPolicySearchState<S> {
  return stateFromTensors(readSafetensors(bytes));
}

/** The content of `encodeState`'s file, for checkpoints that hold more than one state: the tensors and the metadata that say how they belong together. */
export function stateToTensors<S>(state: GuidedPolicySearchState<S>): TensorFile {
  const tensors: Record<string, Tensor> = {};
  const structure = packPlainData(state, 'state', tensors);
  return { tensors, metadata: { format: FORMAT, structure: JSON.stringify(structure) } };
}

/**
 * The state that `stateToTensors` took apart.
 *
 * @throws UserError if it is something else.
 */
export function stateFromTensors<S>({ tensors, metadata }: TensorFile): GuidedPolicySearchState<S> {
  const { format, structure } = metadata;
  if (format !== FORMAT || structure === undefined) {
    throw new UserError(
      `decodeState: this file is not "${FORMAT}", but ${format === undefined ? 'has no format' : `"${format}"`}; pass one that encodeState wrote`,
    );
  }
  return unpackPlainData(JSON.parse(structure), tensors) as GuidedPolicySearchState<S>;
}

/**
 * Takes plain data (numbers, strings, lists, records, typed arrays) apart: typed arrays go to `tensors` under names that start with `path`, the rest comes back, fit for JSON. For
 * checkpoints of states that hold one of this package's.
 */
export function packPlainData(value: unknown, path: string, tensors: Record<string, Tensor>): unknown {
  if (ArrayBuffer.isView(value)) {
    const data = value as Float64Array;
    tensors[path] = { shape: [data.length], data };
    return { $tensor: path };
  }
  // JSON has no -0 and no non-finite numbers.
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map((entry, i) => packPlainData(entry, `${path}.${i}`, tensors));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, packPlainData(entry, `${path}.${name}`, tensors)]),
  );
}

/**
 * Puts together what `packPlainData` took apart.
 *
 * @throws UserError if a tensor is missing.
 */
export function unpackPlainData(value: unknown, tensors: Readonly<Record<string, Tensor>>): unknown {
  if (Array.isArray(value)) return value.map((entry) => unpackPlainData(entry, tensors));
  if (typeof value !== 'object' || value === null) return value;
  const { $tensor, $number } = value as { $tensor?: string; $number?: string };
  if ($number !== undefined) return Number($number);
  if ($tensor !== undefined) {
    const tensor = tensors[$tensor];
    if (!tensor)
      throw new UserError(
        `decodeState: tensor "${$tensor}" is missing from the file; it was not written by encodeState`,
      );
    return tensor.data;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, unpackPlainData(entry, tensors)]),
  );
}
