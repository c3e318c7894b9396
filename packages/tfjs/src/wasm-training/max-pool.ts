import { backend_util, MaxPoolGrad, type MaxPoolGradAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { floats, wasmKernel } from './wasm-kernel.js';

/**
 * ∂L/∂x of y = max of each window of x, NHWC: every dy goes to the first largest entry of its window. tfjs
 * 4.22 has this kernel for wasm; where windows are 2 × 2 over 7 × 7 with `same`, it breaks Euler's identity Σ
 * x ∂f/∂x = f, which this one is tested against.
 */
export const maxPoolGrad = wasmKernel(
  MaxPoolGrad,
  (
    { dy, input: x }: { dy: TensorInfo; input: TensorInfo },
    { filterSize, strides, pad, dimRoundingMode }: MaxPoolGradAttrs,
    backend,
  ) => {
    const info = backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = backend.makeOutput(x.shape, 'float32');
    const [gradient, input, sum] = [floats(backend, dy), floats(backend, x), floats(backend, out)];
    sum.fill(0);
    const {
      batchSize,
      inChannels: channels,
      inHeight,
      inWidth,
      outHeight,
      outWidth,
      filterHeight,
      filterWidth,
      strideHeight,
      strideWidth,
      padInfo,
    } = info;
    const largest = new Float32Array(channels);
    const place = new Int32Array(channels);
    let at = 0;
    for (let b = 0; b < batchSize; b++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          largest.fill(-Infinity);
          const [top, left] = [oy * strideHeight - padInfo.top, ox * strideWidth - padInfo.left];
          for (let row = Math.max(0, top); row < Math.min(inHeight, top + filterHeight); row++) {
            for (let column = Math.max(0, left); column < Math.min(inWidth, left + filterWidth); column++) {
              const pixel = ((b * inHeight + row) * inWidth + column) * channels;
              for (let c = 0; c < channels; c++) {
                const value = input[pixel + c] as number;
                if (value > (largest[c] as number)) {
                  largest[c] = value;
                  place[c] = pixel + c;
                }
              }
            }
          }
          for (let c = 0; c < channels; c++, at++) {
            if (largest[c] === -Infinity) continue; // a window without a number
            const target = place[c] as number;
            sum[target] = (sum[target] as number) + (gradient[at] as number);
          }
        }
      }
    }
    return out;
  },
);
