import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { floats, wasmKernel } from './wasm-kernel.js';

type Shape4 = [number, number, number, number];

/** ∂L/∂filter of y = depthwiseConv2d(x, filter), NHWC; filter [height, width, inChannels, multiplier]. */
export const depthwiseConv2dBackpropFilter = wasmKernel(
  DepthwiseConv2dNativeBackpropFilter,
  (
    { x, dy }: { x: TensorInfo; dy: TensorInfo },
    { strides, dilations, pad, dimRoundingMode, filterShape }: DepthwiseConv2dNativeBackpropFilterAttrs,
    backend,
  ) => {
    const info = backend_util.computeConv2DInfo(
      x.shape as Shape4,
      filterShape,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    const out = backend.makeOutput(filterShape, 'float32');
    const [image, gradient, filter] = [floats(backend, x), floats(backend, dy), floats(backend, out)];
    filter.fill(0);
    visitTaps(info, (inImage, inGradient, inFilter) => {
      filter[inFilter] =
        (filter[inFilter] as number) + (image[inImage] as number) * (gradient[inGradient] as number);
    });
    return out;
  },
);

/** ∂L/∂x of y = depthwiseConv2d(x, filter), NHWC. */
export const depthwiseConv2dBackpropInput = wasmKernel(
  DepthwiseConv2dNativeBackpropInput,
  (
    { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
    { strides, dilations, pad, dimRoundingMode, inputShape }: DepthwiseConv2dNativeBackpropInputAttrs,
    backend,
  ) => {
    const info = backend_util.computeConv2DInfo(
      inputShape,
      filter.shape as Shape4,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    const out = backend.makeOutput(inputShape, 'float32');
    const [gradient, weights, image] = [floats(backend, dy), floats(backend, filter), floats(backend, out)];
    image.fill(0);
    visitTaps(info, (inImage, inGradient, inFilter) => {
      image[inImage] =
        (image[inImage] as number) + (gradient[inGradient] as number) * (weights[inFilter] as number);
    });
    return out;
  },
);

/**
 * Every product of the convolution once: y[inGradient] += x[inImage] · filter[inFilter]. A depthwise
 * convolution has too few of them per number to be a matrix product.
 */
function visitTaps(
  info: backend_util.Conv2DInfo,
  visit: (inImage: number, inGradient: number, inFilter: number) => void,
): void {
  const {
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
  } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  const multiplier = outChannels / inChannels;
  for (let b = 0; b < batchSize; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const inGradient = ((b * outHeight + oy) * outWidth + ox) * outChannels;
        for (let ky = 0; ky < filterHeight; ky++) {
          const y = oy * strideHeight - top + ky * dilationHeight;
          if (y < 0 || y >= inHeight) continue;
          for (let kx = 0; kx < filterWidth; kx++) {
            const x = ox * strideWidth - left + kx * dilationWidth;
            if (x < 0 || x >= inWidth) continue;
            const inImage = ((b * inHeight + y) * inWidth + x) * inChannels;
            const inFilter = (ky * filterWidth + kx) * outChannels;
            for (let c = 0; c < outChannels; c++)
              visit(inImage + Math.floor(c / multiplier), inGradient + c, inFilter + c);
          }
        }
      }
    }
  }
}
