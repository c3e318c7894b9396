import type { backend_util } from '@tensorflow/tfjs-core';

/** Sizes of a convolution over [batch, depth, height, width, channels], undilated; a 2-D one has depth 1. */
export interface ConvSizes {
  readonly batchSize: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Depth, height, width. */
  readonly input: Extent;
  readonly output: Extent;
  readonly filter: Extent;
  readonly stride: Extent;
  /** Zeros before the first entry. */
  readonly padding: Extent;
}
type Extent = readonly [number, number, number];

/** The sizes of a 2-D convolution or pooling. */
export function planeSizes(info: backend_util.Conv2DInfo): ConvSizes {
  return {
    batchSize: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    input: [1, info.inHeight, info.inWidth],
    output: [1, info.outHeight, info.outWidth],
    filter: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    padding: [0, info.padInfo.top, info.padInfo.left],
  };
}

/** The sizes of a 3-D convolution or pooling. */
export function volumeSizes(info: backend_util.Conv3DInfo): ConvSizes {
  return {
    batchSize: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    input: [info.inDepth, info.inHeight, info.inWidth],
    output: [info.outDepth, info.outHeight, info.outWidth],
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    padding: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
}

/** Entries of one patch: filter positions · inChannels, in the order of a filter's. */
export function patchSize({ filter, inChannels }: ConvSizes): number {
  return volume(filter) * inChannels;
}

/** Outputs per example: depth · height · width. */
export function outputsPerExample({ output }: ConvSizes): number {
  return volume(output);
}

function volume([depth, height, width]: Extent): number {
  return depth * height * width;
}

/**
 * Called for the part of a patch's row that lies inside the input: `length` consecutive numbers, at `inInput`
 * in x and at `inPatch` among the patches.
 */
type VisitRun = (inInput: number, inPatch: number, length: number) => void;

/**
 * Where the patches of examples `first … first + count − 1` lie. With channels last, one row of an undilated
 * patch is one run of consecutive numbers, so a convolution's rows are copied (im2col) or added back (col2im)
 * run by run.
 */
function visitRuns(
  { inChannels, input, output, filter, stride, padding }: ConvSizes,
  first: number,
  count: number,
  visit: VisitRun,
): void {
  const [inDepth, inHeight, inWidth] = input;
  const [outDepth, outHeight, outWidth] = output;
  const [filterDepth, filterHeight, filterWidth] = filter;
  const rowLength = filterWidth * inChannels;
  let patch = 0;
  for (let b = first; b < first + count; b++) {
    for (let oz = 0; oz < outDepth; oz++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          const x0 = ox * stride[2] - padding[2];
          const from = Math.max(0, -x0);
          const length = (Math.min(filterWidth, inWidth - x0) - from) * inChannels;
          const inRow = (x0 + from) * inChannels;
          for (let kz = 0; kz < filterDepth; kz++) {
            const z = oz * stride[0] - padding[0] + kz;
            for (let ky = 0; ky < filterHeight; ky++) {
              const y = oy * stride[1] - padding[1] + ky;
              if (z >= 0 && z < inDepth && y >= 0 && y < inHeight && length > 0) {
                visit(
                  ((b * inDepth + z) * inHeight + y) * inWidth * inChannels + inRow,
                  patch + from * inChannels,
                  length,
                );
              }
              patch += rowLength;
            }
          }
        }
      }
    }
  }
}

/** The patches of `count` examples, zero outside of the input [count · outputs, patchSize] (im2col). */
export function gatherPatches(
  x: Float32Array,
  sizes: ConvSizes,
  first: number,
  count: number,
  patches: Float32Array,
): void {
  patches.fill(0);
  visitRuns(sizes, first, count, (inInput, inPatch, length) => {
    for (let i = 0; i < length; i++) patches[inPatch + i] = x[inInput + i] as number;
  });
}

/** Adds patches back to where they came from (col2im), the transpose of `gatherPatches`. */
export function scatterPatches(
  patches: Float32Array,
  sizes: ConvSizes,
  first: number,
  count: number,
  x: Float32Array,
): void {
  visitRuns(sizes, first, count, (inInput, inPatch, length) => {
    for (let i = 0; i < length; i++)
      x[inInput + i] = (x[inInput + i] as number) + (patches[inPatch + i] as number);
  });
}
