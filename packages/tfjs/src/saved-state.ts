import { printable, UserError, type OptimizerState } from '@metadescent/core';
import { tensor1d, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';

/** A tensor with its name, as tfjs optimizers give and take their weights; tfjs-core does not export its type. */
export type NamedTensor = Awaited<ReturnType<Optimizer['getWeights']>>[number];

type StateArray = OptimizerState[string];

const arrayTypes = { Float32Array, Float64Array, Int32Array, Uint32Array } as const;
type ArrayType = keyof typeof arrayTypes;

const arraySchema = z.object({
  owner: z.string(),
  key: z.string(),
  type: z.enum(Object.keys(arrayTypes) as [ArrayType, ...ArrayType[]]),
});

const variableSchema = z.object({ name: z.string(), shape: z.array(z.int()) });

/** Sums that overflowed are null in JSON; as NaN they compare with nothing, so that no standstill is seen. */
const sumSchema = z.pipe(
  z.nullable(z.number()),
  z.transform((value): number => value ?? NaN),
);
const momentsSchema = z.object({ count: z.int().check(z.minimum(0)), mean: sumSchema, squares: sumSchema });

/** What is saved besides arrays, as one JSON text. */
const headerSchema = z.object({
  format: z.literal('metadescent/tfjs-optimizer'),
  rule: z.string(),
  iterations: z.int().check(z.minimum(0)),
  /** The variables of the last step, in order: loading goes by these names. */
  variables: z.array(variableSchema),
  /** Other variables that were stepped before and are remembered. */
  waiting: z.array(variableSchema),
  /** Null stands for NaN and for +∞. */
  guard: z.optional(
    z.object({
      first: z.nullable(z.number()),
      smoothed: z.nullable(z.number()),
      best: z.nullable(z.number()),
      fallen: z.boolean(),
      warned: z.boolean(),
      progress: z.optional(
        z.object({ first: z.number(), early: momentsSchema, late: momentsSchema, gradient: sumSchema }),
      ),
    }),
  ),
  arrays: z.array(arraySchema),
});
export type SavedHeader = Omit<z.infer<typeof headerSchema>, 'format' | 'arrays'>;

/** One array of a saved state: `owner` says whose it is, `key` which. */
export interface SavedArray {
  readonly owner: string;
  readonly key: string;
  readonly data: StateArray;
}

/** Everything that an optimizer is resumed from. */
export interface SavedState {
  readonly header: SavedHeader;
  readonly arrays: readonly SavedArray[];
}

/**
 * A state as named tensors, as `Optimizer.getWeights` returns them: the step counter first, as every tfjs
 * optimizer has it, then a JSON header, then the arrays. tfjs has no 64-bit and no unsigned types: those
 * arrays travel as the int32 tensors of their bits, so that a resumed run is the same to the last bit.
 */
export function toTensors({ header, arrays }: SavedState): NamedTensor[] {
  const described = arrays.map(({ owner, key, data }) => ({ owner, key, type: typeOf(data) }));
  const text = JSON.stringify({ format: 'metadescent/tfjs-optimizer', ...header, arrays: described });
  return [
    { name: 'iter', tensor: tensor1d([header.iterations], 'int32') },
    { name: 'metadescent', tensor: tensor1d([text], 'string') },
    ...arrays.map(({ owner, key, data }) => ({ name: `${owner}::${key}`, tensor: tensorOf(data) })),
  ];
}

/**
 * What `toTensors` made.
 *
 * @throws UserError if the tensors were not saved by a `LearnedOptimizer`.
 */
export async function fromTensors(named: readonly NamedTensor[]): Promise<SavedState> {
  const header = await headerOf(named);
  if (named.length !== header.arrays.length + 2) {
    throw foreign(`${named.length - 2} state arrays, but a header for ${header.arrays.length}`);
  }
  const { arrays: described, ...rest } = header;
  const arrays = await Promise.all(
    described.map(async ({ owner, key, type }, i) => ({
      owner,
      key,
      data: arrayOf(
        (await (named[i + 2] as NamedTensor).tensor.data()) as Float32Array | Int32Array,
        type,
        key,
      ),
    })),
  );
  return { header: rest, arrays };
}

async function headerOf(named: readonly NamedTensor[]): Promise<z.infer<typeof headerSchema>> {
  if (!Array.isArray(named)) throw foreign('no list of weights');
  const tensor = named[1]?.tensor;
  if (tensor?.dtype !== 'string') throw foreign('no header');
  const [text] = (await tensor.data()) as unknown as string[];
  const parsed = headerSchema.safeParse(parsedJson(text));
  if (!parsed.success) throw foreign('a header of another version');
  return parsed.data;
}

function foreign(what: string): UserError {
  return new UserError(
    `LearnedOptimizer.setWeights: the saved optimizer has ${what}: it was not saved by a LearnedOptimizer; compile the model anew, or load the optimizer that was saved`,
  );
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function typeOf(data: StateArray): ArrayType {
  return Object.prototype.toString.call(data).slice(8, -1) as ArrayType;
}

function tensorOf(data: StateArray): Tensor {
  if (typeOf(data) === 'Float32Array') return tensor1d(Float32Array.from(data), 'float32');
  // A copy of exactly the bytes, seen as 32-bit integers.
  return tensor1d(new Int32Array(data.slice().buffer), 'int32');
}

function arrayOf(values: Float32Array | Int32Array, type: ArrayType, key: string): StateArray {
  if (type === 'Float32Array') return Float32Array.from(values);
  const { buffer } = Int32Array.from(values);
  if (buffer.byteLength % arrayTypes[type].BYTES_PER_ELEMENT !== 0)
    throw foreign(`${buffer.byteLength} bytes for the ${type} "${printable(key)}"`);
  return new arrayTypes[type](buffer);
}
