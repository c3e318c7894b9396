/** One evaluation of the dual search; KL is Infinity where LQG had no solution. */
export interface EtaEvaluation {
  readonly eta: number;
  readonly kl: number;
}

/** How the search for the multiplier of the KL constraint ended, with every evaluation behind it. */
export type EtaOutcome =
  /** |KL − ε| is within the tolerance. */
  | {
      readonly kind: 'converged';
      readonly eta: number;
      readonly kl: number;
      readonly evaluations: readonly EtaEvaluation[];
    }
  /** KL is below ε even for the smallest η: the constraint does not bind. */
  | {
      readonly kind: 'inactive';
      readonly eta: number;
      readonly kl: number;
      readonly evaluations: readonly EtaEvaluation[];
    }
  /** Out of evaluations or of range: the smallest η whose KL is feasible. */
  | {
      readonly kind: 'exhausted';
      readonly eta: number;
      readonly kl: number;
      readonly evaluations: readonly EtaEvaluation[];
    }
  /** No η gave a feasible controller; the previous controller (KL = 0) is the only one. */
  | { readonly kind: 'infeasible'; readonly evaluations: readonly EtaEvaluation[] };

export interface EtaSearchOptions {
  /** ε > 0 in nats */
  readonly epsilon: number;
  /** Warm start. */
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** KL < ε at an η at or below this means that the constraint is inactive; at least `min`. */
  readonly inactiveBelow?: number;
  /** Relative: accept |KL − ε| ≤ tolerance · ε. */
  readonly tolerance: number;
  readonly maxEvaluations: number;
}

/** A sentence for people: what happened, and what to try. */
export function describeEtaOutcome(outcome: EtaOutcome): string {
  const count = `${outcome.evaluations.length} evaluations`;
  switch (outcome.kind) {
    case 'converged':
      return `converged: KL ${outcome.kl.toPrecision(4)} at eta ${outcome.eta.toPrecision(4)} after ${count}`;
    case 'inactive':
      return `constraint inactive: KL ${outcome.kl.toPrecision(4)} stays below epsilon even at eta ${outcome.eta.toPrecision(4)}`;
    case 'exhausted':
      return `exhausted ${count}; kept the feasible eta ${outcome.eta.toPrecision(4)} with KL ${outcome.kl.toPrecision(4)}; raise maxEvaluations or the tolerance`;
    case 'infeasible':
      return `no feasible controller in ${count}: the previous one is kept; check the cost for negative curvature and the dynamics for a poor fit`;
  }
}

/**
 * Finds the η at which the optimal controller's KL divergence equals ε. KL(η) does not increase with η.
 *
 * Works on (ln η, ln KL − ln ε): steps of a factor 10 from the warm start until the root is bracketed, then
 * regula falsi with the Illinois rule. A KL that is NaN or infinite counts as “η too small” and is bisected.
 * Never returns an infeasible η.
 *
 * @param klOf KL of the minimiser for this η
 */
export function searchEta(klOf: (eta: number) => number, options: EtaSearchOptions): EtaOutcome {
  const { epsilon, min, max, tolerance, maxEvaluations } = options;
  if (!(epsilon > 0)) throw new RangeError(`searchEta: epsilon must be positive, but is ${epsilon}`);
  if (!(min > 0 && max > min))
    throw new RangeError(`searchEta: needs 0 < min < max, but min is ${min} and max is ${max}`);
  const inactiveBelow = Math.max(min, options.inactiveBelow ?? min);
  const evaluations: EtaEvaluation[] = [];
  /** Log-space points with KL > ε and KL < ε, and the Illinois weights of their values. */
  let low: { x: number; y: number } | undefined;
  let high: { x: number; y: number } | undefined;
  let feasible: EtaEvaluation | undefined;
  let lastSide = 0;
  let x = Math.log(Math.min(max, Math.max(min, options.initial)));
  while (evaluations.length < maxEvaluations) {
    const eta = Math.min(max, Math.max(min, Math.exp(x)));
    const raw = klOf(eta);
    const kl = Number.isNaN(raw) ? Infinity : raw;
    evaluations.push({ eta, kl });
    if (kl <= (1 + tolerance) * epsilon && (!feasible || eta < feasible.eta)) feasible = { eta, kl };
    if (Math.abs(kl - epsilon) <= tolerance * epsilon) return { kind: 'converged', eta, kl, evaluations };
    const y = Math.log(kl / epsilon);
    if (kl < epsilon) {
      // Through the logarithm and back an η may come out an ulp above its bound.
      if (eta <= inactiveBelow * (1 + 1e-9)) return { kind: 'inactive', eta, kl, evaluations };
      high = { x, y };
      if (lastSide < 0 && low) low.y /= 2;
      lastSide = -1;
    } else {
      if (eta >= max * (1 - 1e-9)) break;
      low = { x, y };
      if (lastSide > 0 && high) high.y /= 2;
      lastSide = 1;
    }
    x = nextPoint(low, high, Math.log(inactiveBelow), Math.log(max));
    if (low && high && high.x - low.x < 1e-12 * (1 + Math.abs(low.x))) break;
  }
  return feasible ? { kind: 'exhausted', ...feasible, evaluations } : { kind: 'infeasible', evaluations };
}

function nextPoint(
  low: { x: number; y: number } | undefined,
  high: { x: number; y: number } | undefined,
  least: number,
  most: number,
): number {
  if (!low) return Math.max(least, high!.x - Math.LN10);
  if (!high) return Math.min(most, low.x + Math.LN10);
  if (!Number.isFinite(low.y) || !Number.isFinite(high.y)) return 0.5 * (low.x + high.x);
  const x = (low.x * high.y - high.x * low.y) / (high.y - low.y);
  // Keep off the ends, where rounding would stall the bracket.
  const margin = 0.01 * (high.x - low.x);
  return Math.min(high.x - margin, Math.max(low.x + margin, x));
}
