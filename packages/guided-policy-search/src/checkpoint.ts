import { readSafetensors, UserError, writeSafetensors, type Tensor } from '@metadescent/core';
import type { GuidedPolicySearchState } from './state.js';

const FORMAT = 'metadescent guided-policy-search state 1';

/**
 * The state of a run as the bytes of a safetensors file: typed arrays become tensors, everything else JSON metadata. `decodeState` gives back every bit.
 */
export function encodeState<S>(state: GuidedPolicySearchState<S>): Uint8Array {
  const tensors: Record<string, Tensor> = {};
  const structure = pack(state, 'state', tensors);
  return writeSafetensors({ tensors, metadata: { format: FORMAT, structure: JSON.stringify(structure) } });
}

/**
 * @throws UserError if the bytes hold something else; SafetensorsError if they are damaged.
 */
export function decodeState<S>(bytes: Uint8Array): GuidedPolicySearchState<S> {
  const { tensors, metadata } = readSafetensors(bytes);
  const { format, structure } = metadata;
  if (format !== FORMAT || structure === undefined) {
    throw new UserError(
      `decodeState: this file is not "${FORMAT}", but ${format === undefined ? 'has no format' : `"${format}"`}; pass one that encodeState wrote`,
    );
  }
  return unpack(JSON.parse(structure), tensors) as GuidedPolicySearchState<S>;
}

function pack(value: unknown, path: string, tensors: Record<string, Tensor>): unknown {
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
  if (Array.isArray(value)) return value.map((entry, i) => pack(entry, `${path}.${i}`, tensors));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([name, entry]) => [name, pack(entry, `${path}.${name}`, tensors)]));
}

function unpack(value: unknown, tensors: Readonly<Record<string, Tensor>>): unknown {
  if (Array.isArray(value)) return value.map((entry) => unpack(entry, tensors));
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
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, unpack(entry, tensors)]));
}
