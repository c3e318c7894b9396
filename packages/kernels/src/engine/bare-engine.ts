import type { BareAccumulators } from '../accumulators/bare-accumulators.js';
import type { GemmOptions } from '../gemm/gemm.js';
import type { BareLstm } from '../lstm/bare-lstm.js';
import type { LstmShape } from '../lstm/lstm-kernel.js';
import type { LstmLayout } from '../lstm/lstm-layout.js';
import type { BareNetwork } from '../network/bare-network.js';
import type { NetworkPlan } from '../network/network-plan.js';
import type { KernelEngine } from './kernel-engine.js';

/**
 * What an engine implements: the kernels without a check of their arguments. `checkedEngine` makes
 * of them the engine that callers see; every argument that arrives here has the type, length and range that
 * the kernel's contract states.
 */
export interface BareEngine {
  readonly name: KernelEngine['name'];
  readonly detail: string;
  readonly note?: string | undefined;
  lstm(shape: Required<LstmShape>, layout: LstmLayout): BareLstm<unknown>;
  network(plan: NetworkPlan): BareNetwork;
  preprocessGradient(n: number, gradient: Float32Array, p: number, features: Float32Array): void;
  gemm(options: Required<GemmOptions>): void;
  readonly accumulators: BareAccumulators;
}
