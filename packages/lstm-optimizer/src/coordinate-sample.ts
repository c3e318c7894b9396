import type { Key, ParameterLayout } from '@metadescent/core';
import type { LstmKernel } from '@metadescent/kernels';
import type { NetworkCoordinates } from './lstm-rule.js';

/** Coordinates of one network over which a meta-gradient is summed. */
export interface CoordinateSample {
  /** Place in the flat parameter vector [m]. */
  readonly flat: Uint32Array;
  /** Place among the network's own coordinates, in the order of its runs [m]. */
  readonly local: Uint32Array;
  /**
   * Weight that makes the sampled sum an unbiased estimate of the whole one: group size / drawn from the
   * group [m].
   */
  readonly weight: Float32Array;
}

/**
 * The coordinates of a network, at most `perGroup` of each coordinate group, drawn without replacement.
 *
 * The meta-gradient of a coordinatewise rule is a sum over coordinates, and those of one group behave alike:
 * a few thousand of them estimate it at a fraction of the cost. The rollout itself always runs all of them.
 */
export function sampleCoordinates(
  network: NetworkCoordinates,
  layout: ParameterLayout,
  perGroup: number,
  key: Key,
): CoordinateSample {
  const flat: number[] = [];
  const local: number[] = [];
  const weight: number[] = [];
  let start = 0;
  for (const run of network.runs) {
    for (const group of layout.groups) {
      if (group.offset < run.offset || group.offset >= run.offset + run.size) continue;
      const all = group.size <= perGroup;
      const drawn = all
        ? undefined
        : key.fold(group.name).permutation(group.size).subarray(0, perGroup).sort();
      const count = drawn?.length ?? group.size;
      for (let i = 0; i < count; i++) {
        const coordinate = group.offset + (drawn ? (drawn[i] as number) : i);
        flat.push(coordinate);
        local.push(start + coordinate - run.offset);
        weight.push(group.size / count);
      }
    }
    start += run.size;
  }
  return { flat: Uint32Array.from(flat), local: Uint32Array.from(local), weight: Float32Array.from(weight) };
}

/** The part of a network's state that belongs to sampled coordinates, in the kernel's order for that many. */
export function sampleState(
  kernel: LstmKernel,
  state: Float32Array,
  size: number,
  sample: CoordinateSample,
): Float32Array {
  const m = sample.local.length;
  if (m === size) return state;
  const part = new Float32Array(kernel.stateSize(m));
  const { layers, hidden } = kernel.shape;
  for (let i = 0; i < m; i++) {
    for (let layer = 0; layer < layers; layer++) {
      for (let unit = 0; unit < hidden; unit++) {
        for (const which of ['h', 'c'] as const) {
          part[kernel.stateIndex(m, i, layer, which, unit)] = state[
            kernel.stateIndex(size, sample.local[i] as number, layer, which, unit)
          ] as number;
        }
      }
    }
  }
  return part;
}
