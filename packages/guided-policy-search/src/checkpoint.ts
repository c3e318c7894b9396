import {
  checkArgument,
  describeIssues,
  isTypedArray,
  packPlainData,
  parsePlainData,
  printable,
  readSafetensors,
  UserError,
  writeSafetensors,
  type Tensor,
  type TensorFile,
} from '@metadescent/core';
import * as z from 'zod/mini';
import type { GuidedPolicySearchState } from './state.js';

const FORMAT = 'metadescent guided-policy-search state 1';

/**
 * The state of a run as the bytes of a safetensors file: typed arrays become tensors, everything else JSON
 * metadata. `decodeState` gives back every bit.
 */
export function encodeState<S>(state: GuidedPolicySearchState<S>): Uint8Array {
  return writeSafetensors(stateToTensors(state));
}

/**
 * The state that `encodeState` wrote. The state of the policy is its own to check.
 *
 * @throws UserError if the bytes hold something else, or a state that lacks what every state has; of the
 *   subclass SafetensorsError if
 *   they are no safetensors.
 */
export function decodeState<S>(bytes: Uint8Array): GuidedPolicySearchState<S> {
  return stateOf(readSafetensors(bytes), 'decodeState', 'encodeState');
}

/**
 * The content of `encodeState`'s file, for checkpoints that hold more than one state: the tensors and the
 * metadata that say how they belong together.
 */
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
export function stateFromTensors<S>(file: TensorFile): GuidedPolicySearchState<S> {
  checkArgument(
    'stateFromTensors',
    'the file',
    file,
    ['tensors', 'metadata'],
    'pass { tensors, metadata }, as readSafetensors gives them',
  );
  return stateOf(file, 'stateFromTensors', 'stateToTensors');
}

function stateOf<S>(
  { tensors, metadata }: TensorFile,
  caller: string,
  writer: string,
): GuidedPolicySearchState<S> {
  const { format, structure } = metadata;
  if (format !== FORMAT || structure === undefined) {
    throw new UserError(
      `${caller}: this file is not "${FORMAT}", but ${format === undefined ? 'has no format' : `"${printable(format)}"`}; ` +
        `pass one that ${writer} wrote`,
    );
  }
  const state = parsePlainData(structure, tensors, caller);
  const parsed = stateSchema.safeParse(state);
  if (!parsed.success) {
    throw new UserError(
      `${caller}: the file holds no state of guided policy search; ` +
        `pass one that ${writer} wrote:\n${describeIssues(parsed.error.issues, state)}`,
    );
  }
  return state as GuidedPolicySearchState<S>;
}

/** `z.number` refuses NaN and ±∞, which a cost may be. */
const anyNumber = z.custom<number>((value) => typeof value === 'number', 'must be a number');
const doubles = z.custom<Float64Array>(
  (value) => isTypedArray(value, 'Float64Array'),
  'must be a tensor of 64-bit floats',
);
const controllersSchema = z.array(
  z
    .object({
      stateSize: z.int().check(z.minimum(1)),
      actionSize: z.int().check(z.minimum(1)),
      horizon: z.int().check(z.minimum(1)),
      K: doubles,
      k: doubles,
      G: doubles,
    })
    .check(
      z.refine(
        ({ stateSize: D, actionSize: U, horizon: T, K, k, G }) =>
          K.length === T * U * D && k.length === T * U && G.length === T * U * U,
        'K [T, U, D], k [T, U] and G [T, U, U] must have the lengths that horizon, stateSize and actionSize give',
      ),
    ),
);

/** What every state has, whatever its policy. */
const stateSchema = z.object({
  iteration: z.int().check(z.minimum(0)),
  controllers: controllersSchema,
  duals: z.array(z.object({ lambda: doubles, nu: doubles })),
  eta: z.array(anyNumber),
  stepMultiplier: anyNumber,
  untrained: z.optional(z.literal(true)),
  policyCovariances: z.array(doubles),
  best: z.optional(
    z.object({ iteration: z.int().check(z.minimum(0)), cost: anyNumber, controllers: controllersSchema }),
  ),
  worse: z.int().check(z.minimum(0)),
  last: z.optional(z.object({ cost: anyNumber, predictedImprovement: anyNumber })),
});
