import { parseOptions, type Optimizer } from '@metadescent/core';
import * as z from 'zod/mini';
import { adam, type AdamState } from './adam.js';
import { matrixGroups } from './matrix-groups.js';
import { orthogonalised } from './newton-schulz.js';

/** The options of `muon`; the defaults are those of Jordan et al. 2024. */
export const muonOptionsSchema = z.strictObject({
  /** η of the matrices: the spectral norm of a step is about η √max(1, columns/rows). Tune it. */
  learningRate: z._default(z.number().check(z.positive()), 0.02),
  /** μ */
  momentum: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.95),
  /** Look one step ahead along the momentum. */
  nesterov: z._default(z.boolean(), true),
  /** Rounds of Newton–Schulz. */
  iterations: z._default(z.int().check(z.minimum(1), z.maximum(50)), 5),
  /** Adam's learning rate for everything that is no matrix. Tune it. */
  adamLearningRate: z._default(z.number().check(z.positive()), 3e-4),
});
export type MuonOptions = z.input<typeof muonOptionsSchema>;

/** Adam's, and the momentum of the matrices. */
export type MuonState = AdamState & {
  /** v_t [n]; zero outside of the matrices */
  momentum: Float32Array;
};

/**
 * Muon, momentum orthogonalised by Newton–Schulz (Jordan et al. 2024, "Muon: an optimizer for hidden layers
 * in neural networks"), on weight matrices and convolution kernels, and Adam (β₁ = 0.9, β₂ = 0.95) on the
 * rest:
 *
 *     v_t = μ v_{t−1} + (1 − μ) g_t,   v_{−1} = 0
 *     u_t = (1 − μ) g_t + μ v_t with Nesterov's look-ahead, else v_t
 *     Δθ_t = −η √max(1, columns/rows) · orthogonalised(u_t)
 *
 * on each group [rows, columns] = [inputs, outputs] (see `orthogonalised`; a kernel's rows are its height,
 * width and input channels together). The scale of u does not matter, so this is the original's v_t = μ
 * v_{t−1} + g_t as well, and torch.optim.Muon's.
 *
 * Choices: the original leaves the first and the last layer to Adam; here every matrix is orthogonalised,
 * since the networks of the two papers have no other. There is no weight decay (see `withWeightDecay`).
 *
 * A step costs about 15 · min(rows, columns)² · max(rows, columns) multiplications per group, in double precision.
 *
 * @throws UserError if an option is out of range.
 */
export function muon(options: MuonOptions = {}): Optimizer<MuonState> {
  const {
    learningRate,
    momentum: mu,
    nesterov,
    iterations,
    adamLearningRate,
  } = parseOptions('muon', muonOptionsSchema, options);
  const rest = adam({ learningRate: adamLearningRate, beta1: 0.9, beta2: 0.95 });
  return {
    name: 'muon',
    init: (layout) => ({ ...rest.init(layout), momentum: new Float32Array(layout.size) }),
    update(observation, state, step) {
      rest.update(observation, state, step);
      const { gradient, layout } = observation;
      const { momentum } = state;
      for (const { offset, rows, columns } of matrixGroups(layout)) {
        const direction = new Float64Array(rows * columns);
        for (let i = 0; i < direction.length; i++) {
          const g = gradient[offset + i] as number;
          const v = mu * (momentum[offset + i] as number) + (1 - mu) * g;
          momentum[offset + i] = v;
          direction[i] = nesterov ? (1 - mu) * g + mu * v : v;
        }
        const scale = -learningRate * Math.sqrt(Math.max(1, columns / rows));
        orthogonalised(direction, rows, columns, iterations).forEach(
          (x, i) => (step[offset + i] = scale * x),
        );
      }
    },
  };
}
