import { checkedGpsEngine } from './checked-gps-engine.js';
import type { GpsEngine } from './gps-engine.js';
import { gpsCholesky, gpsCholeskySolve, gpsColumnMeans, gpsGemm, gpsSyrk } from './gps-linear-algebra.js';
import { gpsLqg } from './gps-lqg.js';

/**
 * The plain TypeScript twin of the guided-policy-search kernels: works everywhere, and is the oracle of the
 * compiled ones.
 */
export function typescriptGpsEngine(): GpsEngine {
  return checkedGpsEngine({
    name: 'typescript',
    detail: 'typescript',
    gemm: gpsGemm,
    syrk: gpsSyrk,
    columnMeans: gpsColumnMeans,
    cholesky: gpsCholesky,
    choleskySolve: gpsCholeskySolve,
    lqg: gpsLqg,
  });
}
