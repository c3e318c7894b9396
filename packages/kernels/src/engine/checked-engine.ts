import { checkedAccumulators } from '../accumulators/checked-accumulators.js';
import { checkGemm } from '../gemm/check-gemm.js';
import { checkedLstm } from '../lstm/checked-lstm.js';
import { checkedMlp, checkedNetwork } from '../network/checked-network.js';
import { checkPreprocess } from '../preprocess/check-preprocess.js';
import type { BareEngine } from './bare-engine.js';
import type { KernelEngine } from './kernel-engine.js';

/**
 * The engine that callers see: `bare`, with every argument of every call checked first. The one place of
 * checks for all engines.
 */
export function checkedEngine(bare: BareEngine): KernelEngine {
  return {
    name: bare.name,
    detail: bare.detail,
    ...(bare.note !== undefined && { note: bare.note }),
    lstm: (shape) => checkedLstm(bare, shape),
    network: (specification) => checkedNetwork(bare, specification),
    mlp: (shape) => checkedMlp(bare, shape),
    preprocessGradient(gradient, p, features) {
      bare.preprocessGradient(checkPreprocess(gradient, p, features), gradient, p, features);
    },
    gemm(options) {
      bare.gemm(checkGemm(options));
    },
    accumulators: checkedAccumulators(bare.accumulators),
  };
}
