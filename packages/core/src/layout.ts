/**
 * Parameters are one flat `Float32Array`. A `ParameterLayout` names its consecutive blocks, the coordinate groups; nothing else in the
 * system knows about nested tensors. Learned optimizers share weights within a group, or across groups of one role.
 */

/** What a block of parameters is for. */
export type ParameterRole = 'weight' | 'bias' | 'kernel' | 'scale' | 'vector';

/** One block of the flat parameter vector, as its author describes it. */
export interface ParameterBlock {
  /** Unique within the layout, e.g. `layer-0/weight`. */
  readonly name: string;
  readonly role: ParameterRole;
  /** Depth of the layer it belongs to, from 0 at the input. */
  readonly layer: number;
  /** Row-major; a weight matrix is [inputs, outputs]. */
  readonly shape: readonly number[];
}

/** A block with its place: coordinates `offset … offset + size − 1` of the flat vector. */
export interface CoordinateGroup extends ParameterBlock {
  readonly offset: number;
  readonly size: number;
}

/** The blocks of a flat parameter vector of `size` coordinates, in order and without gaps. */
export interface ParameterLayout {
  readonly groups: readonly CoordinateGroup[];
  readonly size: number;
}

/**
 * Lays blocks out one after another.
 *
 * @throws RangeError on an empty list, a repeated name or a shape that is not made of positive integers.
 * @example
 * parameterLayout([{ name: 'w', role: 'weight', layer: 0, shape: [3, 2] }, { name: 'b', role: 'bias', layer: 0, shape: [2] }]).size // => 8
 */
export function parameterLayout(blocks: readonly ParameterBlock[]): ParameterLayout {
  if (blocks.length === 0) throw new RangeError('parameterLayout: a layout needs at least one block, but got none');
  const names = new Set<string>();
  let offset = 0;
  const groups = blocks.map((block) => {
    if (names.has(block.name)) throw new RangeError(`parameterLayout: block names must be unique, but "${block.name}" is repeated`);
    names.add(block.name);
    if (!block.shape.every((side) => Number.isInteger(side) && side >= 1)) {
      throw new RangeError(`parameterLayout: block "${block.name}" must have a shape of positive integers, but has [${block.shape}]`);
    }
    const size = block.shape.reduce((product, side) => product * side, 1);
    const group: CoordinateGroup = { ...block, shape: [...block.shape], offset, size };
    offset += size;
    return group;
  });
  return { groups, size: offset };
}

/** The coordinates of one group, a view into `flat` (no copy) [group.size]. */
export function groupView(flat: Float32Array, group: CoordinateGroup): Float32Array {
  return flat.subarray(group.offset, group.offset + group.size);
}
