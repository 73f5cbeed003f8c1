"""The best fit by MINUIT from many starts, on a likelihood written down anew."""

import itertools

import numpy as np
from iminuit import Minuit

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Shape
from renp_sim.arrays import FloatArray


def minus_two_ln_l(setup: Setup, counts: FloatArray, x: FloatArray) -> float:
    theta = setup.theta.copy()
    theta[setup.free] = x
    mu = setup.model.expected(theta)
    if np.any(mu < 0) or np.any((mu == 0) & (counts > 0)):
        return 1e30
    seen = counts > 0
    total = 2 * np.sum(mu - counts) + 2 * np.sum(counts[seen] * np.log(counts[seen] / mu[seen]))
    for value, constraint in zip(x, setup.constraints, strict=True):
        if constraint is None:
            continue
        if constraint.shape is Shape.GAUSSIAN:
            total += ((value - constraint.value) / constraint.error) ** 2
        elif value <= 0:
            return 1e30
        else:
            total += (np.log(value / constraint.value) / np.log(1 + constraint.error)) ** 2
    return float(total)


def local_fit(
    setup: Setup, counts: FloatArray, start: FloatArray, limits: list[tuple[float, float]]
) -> tuple[float, FloatArray]:
    minuit = Minuit(lambda x: minus_two_ln_l(setup, counts, x), start)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.errors = 0.1 * setup.scale
    minuit.tol = 1e-3
    for i, limit in enumerate(limits):
        minuit.limits[i] = limit
    minuit.migrad()
    return float(minuit.fval), np.array(minuit.values)


def promising_pieces(setup: Setup, counts: FloatArray) -> list[tuple[float, float]]:
    """Return the smooth pieces of the first parameter that come near the lowest value of a wide grid."""
    low, high = setup.lower[0], setup.upper[0]
    kinks = setup.model.kinks(setup.names[0], setup.theta)
    ends = np.array([low, *kinks[(kinks > low) & (kinks < high)], high])
    share = np.array([1e-6, 0.1, 0.3, 0.5, 0.7, 0.9, 1 - 1e-6])
    points = ends[:-1, None] + np.diff(ends)[:, None] * share
    others = np.array(
        list(itertools.product((0.5, 0.75, 0.9, 1.0, 1.1, 1.3, 1.7), repeat=len(setup.free) - 1))
    )
    theta = np.tile(setup.theta, (*points.shape, len(others), 1))
    theta[..., setup.free[0]] = points[..., None]
    theta[..., setup.free[1:]] *= others
    mu = setup.model.expected(theta)
    impossible = np.any((mu <= 0) & (counts > 0), axis=-1)
    terms = mu - counts * np.log(np.where(mu > 0, mu, 1.0))
    q = np.where(impossible, np.inf, 2 * terms.sum(axis=-1)).min(axis=(1, 2))
    return [(ends[i], ends[i + 1]) for i in np.flatnonzero(q <= q.min() + 10)]


def reference_fit(setup: Setup, counts: FloatArray, starts: list[float]) -> tuple[float, FloatArray]:
    """Return the lowest of MIGRAD's minima: the first parameter from each start, or in each smooth piece."""
    limits = list(zip(setup.lower.tolist(), setup.upper.tolist(), strict=True))
    rest = setup.theta[setup.free]
    fits = []
    if setup.names[0] in setup.kinked:
        for low, high in promising_pieces(setup, counts):
            for share in (0.1, 0.5, 0.9):
                start = rest.copy()
                start[0] = low + share * (high - low)
                fits.append(local_fit(setup, counts, start, [(low, high), *limits[1:]]))
    for value in starts:
        start = rest.copy()
        start[0] = value
        fits.append(local_fit(setup, counts, start, limits))
    return min(fits, key=lambda fit: fit[0])
