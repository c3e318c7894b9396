/**
 * The last m pairs (s, y) of parameter and gradient changes, from which L-BFGS forms its products with the
 * inverse Hessian estimate.
 */
export type SecantPairs = {
  /** s of the pairs, a ring buffer [m, n] */
  parameterChanges: Float32Array;
  /** y of the pairs [m, n] */
  gradientChanges: Float32Array;
  /** 1 / (y·s) of the pairs [m] */
  inverseCurvatures: Float64Array;
  /** γ = y·s / y·y of the newest pair [1] */
  scale: Float64Array;
  /** How many pairs are stored, and the place of the next one in the ring [2] */
  ring: Uint32Array;
};

/** Room for `memory` pairs of `size` coordinates, none stored yet. */
export function secantPairs(memory: number, size: number): SecantPairs {
  return {
    parameterChanges: new Float32Array(memory * size),
    gradientChanges: new Float32Array(memory * size),
    inverseCurvatures: new Float64Array(memory),
    scale: new Float64Array(1),
    ring: new Uint32Array(2),
  };
}

/**
 * direction ← −H g by the two-loop recursion (Nocedal & Wright 2006, Algorithm 7.4); −g while there are no pairs [n].
 */
export function quasiNewtonDirection(
  gradient: Float32Array,
  pairs: SecantPairs,
  direction: Float32Array,
): void {
  const { parameterChanges, gradientChanges, inverseCurvatures } = pairs;
  const n = gradient.length;
  const memory = inverseCurvatures.length;
  const count = storedPairs(pairs);
  const next = pairs.ring[1] as number;
  const projections = new Float64Array(count);
  const q = new Float64Array(n);
  for (let i = 0; i < n; i++) q[i] = -(gradient[i] as number);
  for (let age = 0; age < count; age++) {
    const slot = (next + memory - 1 - age) % memory;
    const base = slot * n;
    let projection = 0;
    for (let i = 0; i < n; i++) projection += (parameterChanges[base + i] as number) * (q[i] as number);
    projection *= inverseCurvatures[slot] as number;
    projections[age] = projection;
    for (let i = 0; i < n; i++) q[i] = (q[i] as number) - projection * (gradientChanges[base + i] as number);
  }
  if (count > 0) {
    const gamma = pairs.scale[0] as number;
    for (let i = 0; i < n; i++) q[i] = gamma * (q[i] as number);
  }
  for (let age = count - 1; age >= 0; age--) {
    const slot = (next + memory - 1 - age) % memory;
    const base = slot * n;
    let correction = 0;
    for (let i = 0; i < n; i++) correction += (gradientChanges[base + i] as number) * (q[i] as number);
    correction = (projections[age] as number) - correction * (inverseCurvatures[slot] as number);
    for (let i = 0; i < n; i++) q[i] = (q[i] as number) + correction * (parameterChanges[base + i] as number);
  }
  for (let i = 0; i < n; i++) direction[i] = q[i] as number;
}

/** Puts the pair of this step into the ring, unless the safeguard refuses it. */
export function storePair(
  pairs: SecantPairs,
  parameters: Float32Array,
  step: Float32Array,
  gradient: Float32Array,
  nextGradient: Float32Array,
  minimumCurvature: number,
): boolean {
  const { parameterChanges, gradientChanges, inverseCurvatures } = pairs;
  const n = parameters.length;
  const memory = inverseCurvatures.length;
  const slot = pairs.ring[1] as number;
  // The slot's old pair is the oldest: it is overwritten only if the new one is kept, so the sums come first.
  let curvature = 0;
  let squaredChange = 0;
  let squaredStep = 0;
  for (let i = 0; i < n; i++) {
    const s = displacement(parameters[i] as number, step[i] as number);
    const y = Math.fround((nextGradient[i] as number) - (gradient[i] as number));
    curvature += y * s;
    squaredChange += y * y;
    squaredStep += s * s;
  }
  if (!(curvature > minimumCurvature * Math.sqrt(squaredChange * squaredStep))) return false;
  const base = slot * n;
  for (let i = 0; i < n; i++) {
    parameterChanges[base + i] = displacement(parameters[i] as number, step[i] as number);
    gradientChanges[base + i] = (nextGradient[i] as number) - (gradient[i] as number);
  }
  inverseCurvatures[slot] = 1 / curvature;
  pairs.scale[0] = curvature / squaredChange;
  pairs.ring[0] = Math.min(memory, storedPairs(pairs) + 1);
  pairs.ring[1] = (slot + 1) % memory;
  return true;
}

/** What θ moves by when Δθ is added in single precision: near convergence it differs from Δθ by a good part of it. */
function displacement(parameter: number, step: number): number {
  return Math.fround(Math.fround(parameter + step) - parameter);
}

/** The number of pairs stored. */
export function storedPairs(pairs: SecantPairs): number {
  return pairs.ring[0] as number;
}

/** Drops all pairs. */
export function forgetPairs(pairs: SecantPairs): void {
  pairs.ring.fill(0);
}
