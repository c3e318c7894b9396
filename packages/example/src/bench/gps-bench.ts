import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createKey, median } from '@metadescent/core';
import { momentsOf } from '@metadescent/guided-policy-search';
import {
  type GpsEngine,
  type LqgProblem,
  type LqgShape,
  typescriptGpsEngine,
  wasmGpsEngine,
} from '@metadescent/kernels/gps';
import { nativeGpsEngine } from '@metadescent/kernels/node';
import { cpuSeconds } from './cpu-time.js';
import { matrixEvaluation, toMatrixProblem } from './ml-matrix-lqg.js';

/** One line of the benchmark of the guided-policy-search kernels. */
export interface GpsBenchRow {
  readonly engine: string;
  /**
   * Median milliseconds of one η-evaluation (backward and forward pass): D = 77, T = 400, one group, rank-one
   * cost, B with four non-zero rows.
   */
  readonly lqg: number;
  /** Median milliseconds of mean and covariance of 5,000 pooled rows × 155. */
  readonly moments?: number;
}

const shape: LqgShape = { stateSize: 77, actionSize: 1, horizon: 400, costRank: 1 };
const MOMENT_ROWS = 5000;
const MOMENT_WIDTH = 155;
/**
 * Multiplications and additions of one η-evaluation with symmetry used, per the count in
 * docs/guided-policy-search.md.
 */
const LQG_FLOP = 1.19e9;

/**
 * The kernels side by side with numpy on one thread (tools/peers/numpy_lqg.py; skipped where python3 has no
 * numpy) and with plain ml-matrix. Engines take turns within each repetition, so that a busy machine is
 * unfair to nobody; reported are medians.
 */
export async function runGpsBench({
  repetitions,
  log,
}: {
  readonly repetitions: number;
  readonly log: (line: string) => void;
}): Promise<GpsBenchRow[]> {
  const problem = benchProblem();
  const rows = createKey(2).normal(MOMENT_ROWS * MOMENT_WIDTH);
  const native = nativeGpsEngine();
  if (!native.engine) log(`native: ${native.reason}`);
  const engines: GpsEngine[] = [
    ...(native.engine ? [native.engine] : []),
    wasmGpsEngine(),
    typescriptGpsEngine(),
  ];
  const contenders = engines.map((engine) => ({
    name: engine.detail,
    lqg: lqgWork(engine, problem),
    moments: () => void momentsOf(engine, MOMENT_WIDTH, rows),
    times: { lqg: [] as number[], moments: [] as number[] },
  }));
  const matrices = toMatrixProblem(shape, problem);
  const matrixTimes: number[] = [];
  const numpy: { lqg_ms: number; moments_ms: number }[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    // The first round warms up.
    const keep = repetition > 0;
    for (const { lqg, moments, times } of contenders) {
      const [a, b] = [milliseconds(lqg), milliseconds(moments)];
      if (!keep) continue;
      times.lqg.push(a);
      times.moments.push(b);
    }
    if (repetition <= 3) {
      const spent = milliseconds(() => void matrixEvaluation(matrices, 1));
      if (keep) matrixTimes.push(spent);
      const peer = numpyPeer();
      if (peer) numpy.push(peer);
    }
  }
  const results: GpsBenchRow[] = [
    ...contenders.map(({ name, times }) => ({
      engine: name,
      lqg: median(times.lqg),
      moments: median(times.moments),
    })),
    { engine: 'ml-matrix', lqg: median(matrixTimes) },
    ...(numpy.length > 0
      ? [
          {
            engine: 'numpy, one thread',
            lqg: median(numpy.map((x) => x.lqg_ms)),
            moments: median(numpy.map((x) => x.moments_ms)),
          },
        ]
      : []),
  ];
  if (numpy.length === 0) log('numpy: skipped; python3 with numpy was not found');
  log('guided policy search, milliseconds (median)');
  for (const { engine, lqg, moments } of results) {
    log(
      `  ${engine.padEnd(20)} η-evaluation ${lqg.toFixed(1).padStart(8)} (${(LQG_FLOP / lqg / 1e6).toFixed(1)} GFLOP/s)   moments ${moments?.toFixed(2).padStart(8) ?? '       –'}`,
    );
  }
  return results;
}

function lqgWork(engine: GpsEngine, problem: LqgProblem): () => void {
  const { stateSize: D, horizon: T } = shape;
  const kernel = engine.lqg(shape);
  kernel.load(problem);
  const controller = { K: new Float64Array(T * D), k: new Float64Array(T), G: new Float64Array(T) };
  const moments = {
    cost: new Float64Array(T + 1),
    previous: new Float64Array(T),
    policy: new Float64Array(T),
    mean: new Float64Array((T + 1) * D),
    finalCovariance: new Float64Array(D * D),
  };
  return () => {
    const failed = kernel.backward(1, controller);
    if (failed >= 0)
      throw new Error(
        `gps-bench: the benchmark problem has no solution at step ${failed} on ${engine.detail}`,
      );
    kernel.forward(controller, moments);
  };
}

function benchProblem(): LqgProblem {
  const { stateSize: D, horizon: T } = shape;
  const key = createKey(1);
  const normal = (name: string, count: number, scale: number) =>
    key
      .fold(name)
      .normal(count)
      .map((x) => x * scale);
  const actionRows = [0, 1, 26, 52];
  const diagonal = (count: number, value: number) =>
    Float64Array.from({ length: count * D * D }, (_, i) => ((i % (D * D)) % (D + 1) === 0 ? value : 0));
  const factor = normal('factor', (T + 1) * D, 1 / Math.sqrt(D));
  return {
    A: normal('A', T * D * D, 0.9 / Math.sqrt(D)),
    B: Float64Array.from({ length: T * D }, (_, i) => (actionRows.includes(i % D) ? 0.1 : 0)),
    c: normal('c', T * D, 0.01),
    F: diagonal(T, 0.01),
    actionRows,
    initialMean: normal('mean', D, 1),
    initialCovariance: diagonal(1, 0.1),
    cost: { factor, weight: new Float64Array(T + 1).fill(1) },
    d: factor.map((x) => 0.1 * x),
    h: new Float64Array(T + 1),
    previous: {
      K: normal('K', T * D, 0.01),
      k: new Float64Array(T),
      precision: new Float64Array(T).fill(10),
    },
    entropyWeight: new Float64Array(T),
  };
}

function numpyPeer(): { lqg_ms: number; moments_ms: number } | undefined {
  const script = fileURLToPath(new URL('../../../../tools/peers/numpy_lqg.py', import.meta.url));
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status, stdout } = spawnSync(python, [script, '--repeats', '3'], { encoding: 'utf8' });
    if (status === 0) return JSON.parse(stdout) as { lqg_ms: number; moments_ms: number };
  }
  return undefined;
}

function milliseconds(work: () => void): number {
  return 1000 * cpuSeconds(work);
}
