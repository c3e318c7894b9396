#!/usr/bin/env python3
"""The LQG passes and the pooled moments in numpy, in the form of the reference implementation of guided policy search, on one thread.

    python3 tools/peers/numpy_lqg.py [--states 77] [--horizon 400] [--rows 5000] [--width 155] [--repeats 5]

Prints one JSON line: milliseconds of processor time per eta-evaluation (backward and forward pass, dense matrices over the joint vector of state and action, explicit Cholesky factors and
solves, as there) and per pooled covariance, the median over the repeats.
"""
import argparse
import json
import os
import time

# Must be set before numpy loads its BLAS.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np


def problem(states, horizon, rng):
    d = states
    a = rng.standard_normal((horizon, d, d)) * 0.9 / np.sqrt(d)
    b = np.zeros((horizon, d, 1))
    b[:, [0, 1, 26 % d, 52 % d], 0] = 0.1
    factor = rng.standard_normal((horizon + 1, d)) / np.sqrt(d)
    return {
        "fm": np.concatenate([a, b], axis=2),
        "fv": rng.standard_normal((horizon, d)) * 0.01,
        "dyn_covar": np.tile(np.eye(d) * 0.01, (horizon, 1, 1)),
        "factor": factor,
        "linear": 0.1 * factor,
        "K": rng.standard_normal((horizon, 1, d)) * 0.01,
        "k": np.zeros((horizon, 1)),
        "G": np.full((horizon, 1, 1), 0.1),
        "mu0": rng.standard_normal(d),
        "sigma0": np.eye(d) * 0.1,
    }


def backward(p, eta):
    """V and v by the Schur complement of the joint quadratic, costs divided by eta."""
    horizon, d = p["fv"].shape
    new_k, new_offset, new_g = np.empty_like(p["K"]), np.empty_like(p["k"]), np.empty_like(p["G"])
    value_xx = np.outer(p["factor"][horizon], p["factor"][horizon]) / eta
    value_x = p["linear"][horizon] / eta
    x, u = slice(d), slice(d, d + 1)
    for t in range(horizon - 1, -1, -1):
        precision = np.linalg.inv(p["G"][t])
        gain, offset = p["K"][t], p["k"][t]
        qtt = np.zeros((d + 1, d + 1))
        qtt[x, x] = np.outer(p["factor"][t], p["factor"][t]) / eta
        qtt += np.vstack([np.hstack([gain.T @ precision @ gain, -gain.T @ precision]), np.hstack([-precision @ gain, precision])])
        qt = np.concatenate([p["linear"][t] / eta + gain.T @ precision @ offset, -precision @ offset])
        fm, fv = p["fm"][t], p["fv"][t]
        qtt = qtt + fm.T @ value_xx @ fm
        qt = qt + fm.T @ (value_x + value_xx @ fv)
        qtt = 0.5 * (qtt + qtt.T)
        lower = np.linalg.cholesky(qtt[u, u])
        inverse = np.linalg.solve(lower.T, np.linalg.solve(lower, np.eye(1)))
        new_g[t] = inverse
        new_k[t] = -np.linalg.solve(lower.T, np.linalg.solve(lower, qtt[u, x]))
        new_offset[t] = -np.linalg.solve(lower.T, np.linalg.solve(lower, qt[u]))
        value_xx = qtt[x, x] + qtt[x, u] @ new_k[t]
        value_xx = 0.5 * (value_xx + value_xx.T)
        value_x = qt[x] + qtt[x, u] @ new_offset[t]
    return new_k, new_offset, new_g


def forward(p, gain, offset, covariance):
    """Means and covariances of the joint vector, expected cost and KL divergence."""
    horizon, d = p["fv"].shape
    mu, sigma = p["mu0"], p["sigma0"]
    cost = kl = 0.0
    for t in range(horizon):
        joint = np.vstack([np.hstack([sigma, sigma @ gain[t].T]), np.hstack([gain[t] @ sigma, gain[t] @ sigma @ gain[t].T + covariance[t]])])
        mean = np.concatenate([mu, gain[t] @ mu + offset[t]])
        along = p["factor"][t] @ mu
        cost += 0.5 * (along**2 + p["factor"][t] @ sigma @ p["factor"][t]) + p["linear"][t] @ mu
        delta, shift = gain[t] - p["K"][t], offset[t] - p["k"][t]
        precision = np.linalg.inv(p["G"][t])
        move = delta @ mu + shift
        kl += 0.5 * (
            np.trace(precision @ covariance[t]) - 1 + np.log(np.linalg.det(p["G"][t]) / np.linalg.det(covariance[t]))
            + move @ precision @ move + np.trace(precision @ delta @ sigma @ delta.T)
        )
        fm = p["fm"][t]
        sigma = fm @ joint @ fm.T + p["dyn_covar"][t]
        sigma = 0.5 * (sigma + sigma.T)
        mu = fm @ mean + p["fv"][t]
    return cost, kl


def median_ms(work, repeats):
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    return sorted(times)[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=77)
    parser.add_argument("--horizon", type=int, default=400)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--width", type=int, default=155)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    p = problem(options.states, options.horizon, rng)
    rows = rng.standard_normal((options.rows, options.width))

    def moments():
        centred = rows - rows.mean(axis=0)
        return centred.T @ centred / options.rows

    def evaluation():
        return forward(p, *backward(p, 1.0))

    print(json.dumps({"numpy": np.__version__, "lqg_ms": median_ms(evaluation, options.repeats), "moments_ms": median_ms(moments, options.repeats * 4)}))


if __name__ == "__main__":
    main()
