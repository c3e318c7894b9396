import { printable } from './printable-text.js';
import { UserError } from './user-error.js';

/**
 * Parameters are one flat `Float32Array`. A `ParameterLayout` names its consecutive blocks, the coordinate
 * groups; nothing else in the system knows about nested tensors. Learned optimizers share weights within a
 * group, or across groups of one role.
 */

/**
 * What a block of parameters can be for: a weight matrix, a bias, a convolution's kernel, a scale, or plain
 * coordinates.
 */
export const parameterRoles = ['weight', 'bias', 'kernel', 'scale', 'vector'] as const;

/** What a block of parameters is for. */
export type ParameterRole = (typeof parameterRoles)[number];

/** What kind of layer a block of parameters can belong to. */
export const parameterModules = ['dense', 'conv', 'norm', 'embedding', 'image'] as const;

/** What kind of layer a block of parameters belongs to. */
export type ParameterModule = (typeof parameterModules)[number];

/** One block of the flat parameter vector, as its author describes it. */
export interface ParameterBlock {
  /** Unique within the layout, e.g. `layer-0/weight`. */
  readonly name: string;
  readonly role: ParameterRole;
  /** Depth of the layer it belongs to, from 0 at the input. */
  readonly layer: number;
  /** The kind of that layer, where it is known. */
  readonly module?: ParameterModule;
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
 * @throws UserError on an empty list, a name that is no text or is repeated, an unknown role or module, a layer that is
 *   no integer of at least 0,
 *   a shape that is not made of positive integers, and a size beyond 2⁵³.
 * @example
 * parameterLayout([{ name: 'w', role: 'weight', layer: 0, shape: [3, 2] }, { name: 'b', role: 'bias', layer: 0, shape: [2] }]).size // => 8
 */
export function parameterLayout(blocks: readonly ParameterBlock[]): ParameterLayout {
  if (!Array.isArray(blocks))
    refuse(`the blocks must be a list, but are ${typeof blocks}; give [{ name, role, layer, shape }, …]`);
  if (blocks.length === 0) refuse('a layout needs at least one block, but got none');
  const names = new Set<string>();
  let offset = 0;
  const groups = blocks.map((block: ParameterBlock, i): CoordinateGroup => {
    checkBlock(block, i);
    const { name, shape } = block;
    if (names.has(name)) refuse(`block names must be unique, but "${printable(name)}" is repeated`);
    names.add(name);
    const size = shape.reduce((product, side) => product * side, 1);
    const group = { ...block, shape: [...shape], offset, size };
    offset += size;
    if (!Number.isSafeInteger(offset))
      refuse(`the blocks up to "${printable(name)}" have more than 2^53 coordinates; check the shapes`);
    return group;
  });
  return { groups, size: offset };
}

function checkBlock(block: ParameterBlock, i: number): void {
  if (typeof block?.name !== 'string' || block.name === '')
    refuse(`block ${i} must have a name, but has ${String(block?.name)}`);
  const { name, role, layer, module, shape } = block;
  const quoted = `block "${printable(name)}"`;
  if (!parameterRoles.includes(role))
    refuse(
      `${quoted} must have one of the roles ${parameterRoles.join(', ')}, but has "${printable(String(role))}"`,
    );
  if (module !== undefined && !parameterModules.includes(module))
    refuse(
      `${quoted} must have one of the modules ${parameterModules.join(', ')}, or none, but has "${printable(String(module))}"`,
    );
  if (!Number.isSafeInteger(layer) || layer < 0)
    refuse(`${quoted} must have a layer of 0, 1, …, counted from the input, but has ${String(layer)}`);
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    refuse(`${quoted} must have a shape of positive integers, but has [${printable(String(shape))}]`);
  }
}

function refuse(what: string): never {
  throw new UserError(`parameterLayout: ${what}`);
}

/** The coordinates of one group, a view into `flat` (no copy) [group.size]. */
export function groupView(flat: Float32Array, group: CoordinateGroup): Float32Array {
  return flat.subarray(group.offset, group.offset + group.size);
}
