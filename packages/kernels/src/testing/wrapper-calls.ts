import { accumulatorCalls, statelessCalls } from './elementwise-calls.js';
import { algebraCalls, lqgCalls } from './gps-calls.js';
import { lstmCalls, mlpCalls } from './network-calls.js';
import type { WrapperCall } from './wrapper-call.js';

/** Every wrapper of every engine. */
export const wrapperCalls: readonly WrapperCall[] = [
  ...statelessCalls,
  ...lstmCalls,
  ...mlpCalls('softmax-cross-entropy'),
  ...mlpCalls('squared-error'),
  ...accumulatorCalls,
  ...algebraCalls,
  ...lqgCalls,
];
