"""Counts of toys along the exposure: an experiment that goes on keeps what it has counted.

The first exposure has the toys of `Uniforms`. A longer one adds what a Poisson variate of the difference of
the expectations gives, from uniform numbers of its own; where a hypothesis, at its best fit to a longer run,
expects less of a step, a binomial variate thins the counts. So those of any exposure alone are Poisson.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr

from renp_sim.analysis.infer.outcomes import poisson_inverse
from renp_sim.arrays import FloatArray
from renp_sim.streams import BLOCK_TOYS, Stage, name_key, stream

__all__ = ["nested_counts", "pulls_of", "uniforms_of"]


def uniforms_of(seed: int, block: int, n_steps: int, n_exposures: int) -> list[FloatArray]:
    """Return uniform numbers of a block of toys, one array (BLOCK_TOYS, n_steps) for each exposure."""
    streams = [stream(seed, Stage.UNIFORMS, block)]
    streams += [stream(seed, Stage.INCREMENTS, block, exposure) for exposure in range(1, n_exposures)]
    return [rng.random((BLOCK_TOYS, n_steps)) for rng in streams]


def pulls_of(seed: int, block: int, names: Sequence[str]) -> dict[str, FloatArray]:
    """Return the standard normal numbers of what is measured of each parameter in a block of toys."""
    return {
        name: stream(seed, Stage.MEASUREMENTS, block, name_key(name)).standard_normal(BLOCK_TOYS)
        for name in names
    }


def nested_counts(uniforms: Sequence[FloatArray], expected: Sequence[FloatArray]) -> list[FloatArray]:
    """Return the counts at each exposure, shape (b, n) each.

    Parameters
    ----------
    uniforms
        In (0, 1), shape (b, n) for each exposure.
    expected
        μ at each exposure, shape (n,) each.
    """
    counts = [np.zeros_like(uniforms[0])]
    before = np.zeros_like(expected[0])
    for uniform, mu in zip(uniforms, expected, strict=True):
        columns = [
            n + poisson_inverse(u, after - mean) if after >= mean else _thinned(u, n, after / mean)
            for n, u, mean, after in zip(counts[-1].T, uniform.T, before.tolist(), mu.tolist(), strict=True)
        ]
        counts.append(np.stack(columns, axis=1))
        before = mu
    return counts[1:]


def _thinned(uniform: FloatArray, counts: FloatArray, share: float) -> FloatArray:
    """Return how many of the counts (b,) stay, each with this probability, by uniform numbers (b,)."""
    out = np.empty_like(counts)
    for n in np.unique(counts).tolist():
        rows = counts == n
        out[rows] = np.searchsorted(bdtr(np.arange(int(n) + 1), int(n), share), uniform[rows])
    return np.minimum(out, counts)
