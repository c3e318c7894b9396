import { optimizerRegistry, type OptimizerRegistry } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import { lstmEntry, pretrainedLstmEntries } from '@metadescent/lstm-optimizer';
import { handMadeOptimizers } from '@metadescent/optimizers';
import { pretrainedPsdEntries } from '@metadescent/predicted-step-descent';

/** Every optimizer that has a name here, hand-made or learned. */
export const knownOptimizers: OptimizerRegistry<KernelEngine> = optimizerRegistry<KernelEngine>([
  ...Object.values(handMadeOptimizers),
  lstmEntry,
  ...pretrainedLstmEntries,
  ...pretrainedPsdEntries,
]);
