import {
  ResizeNearestNeighborGrad,
  type ResizeNearestNeighborAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { floats, wasmKernel } from './wasm-kernel.js';

/**
 * ∂L/∂images of a nearest-neighbour resize, as in upsampling layers: every dy goes to the pixel that it was
 * copied from. tfjs 4.22 has this kernel for wasm, and it is wrong where `halfPixelCenters` is set; its cpu
 * kernel is wrong there too, and for batches: they are not the transpose of the resizing.
 */
export const resizeNearestNeighborGrad = wasmKernel(
  ResizeNearestNeighborGrad,
  (
    { images, dy }: { images: TensorInfo; dy: TensorInfo },
    attributes: ResizeNearestNeighborAttrs,
    backend,
  ) => {
    const [batch, inHeight, inWidth, channels] = images.shape as [number, number, number, number];
    const [, outHeight, outWidth] = dy.shape as [number, number, number, number];
    const out = backend.makeOutput(images.shape, 'float32');
    const [gradient, sum] = [floats(backend, dy), floats(backend, out)];
    sum.fill(0);
    const [rows, columns] = [
      sources(inHeight, outHeight, attributes),
      sources(inWidth, outWidth, attributes),
    ];
    let at = 0;
    for (let b = 0; b < batch; b++) {
      for (const y of rows) {
        for (const x of columns) {
          const pixel = ((b * inHeight + y) * inWidth + x) * channels;
          for (let c = 0; c < channels; c++, at++)
            sum[pixel + c] = (sum[pixel + c] as number) + (gradient[at] as number);
        }
      }
    }
    return out;
  },
);

/** Which entry of `before` each entry of `after` copies, in single precision as the forward kernels compute it. */
function sources(
  before: number,
  after: number,
  { alignCorners, halfPixelCenters }: ResizeNearestNeighborAttrs,
): number[] {
  const scale = Math.fround(alignCorners && after > 1 ? (before - 1) / (after - 1) : before / after);
  return Array.from({ length: after }, (_, i) => {
    const place = Math.fround(scale * (halfPixelCenters ? i + 0.5 : i));
    return Math.max(0, Math.min(before - 1, alignCorners ? Math.round(place) : Math.floor(place)));
  });
}
