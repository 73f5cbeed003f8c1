"""Goodness of fit: how often a repeated experiment fits its own model no better than the data do.

The statistic is −2 ln L against the saturated model (Baker & Cousins, NIM 221 (1984) 437). Asymptotically it
is a χ², here one with the mean and the variance that it has at the expected counts. Toys are drawn at the
best fit and fitted as the data were.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gammaln

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.outcomes import Uniforms, is_least, p_of_toys
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.search import search
from renp_sim.arrays import FloatArray

__all__ = ["Goodness", "asymptotic_p_value", "goodness_of_fit"]

MANY = 100.0
"""From so many expected counts on moments are those of the series in 1/μ, right to 1e-4 there
(`test_moments_of_a_step_are_those_of_its_outcomes`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodness:
    """A p-value.

    Parameters
    ----------
    p_value, p_error
        (k + 1)/(N + 1), ties included, and its binomial error.
    n_toys, n_failed
        How many toys, and how many of their fits did not converge; these count as they are.
    is_bound
        Whether no toy fitted as badly, so that the p-value is that or less.
    """

    p_value: float
    p_error: float
    n_toys: int
    n_failed: int
    # a file of results that an older version wrote does not say it
    is_bound: bool = False


def goodness_of_fit(setup: Setup, q: float, *, seed: int, n_toys: int) -> Goodness:
    """Return the p-value of a best fit.

    Parameters
    ----------
    setup
        What floats, at the best fit.
    q
        −2 ln L there.
    seed, n_toys
        Of the toys.

    Raises
    ------
    ConfigError
        If the number of toys is out of range.
    """
    mu = setup.model.expected(setup.theta)
    toys = Uniforms.of(setup, len(mu), seed=seed, n_toys=n_toys).outcomes(setup, mu, setup.theta)
    fits = search(setup, toys.counts, constraint_values=toys.constraint_values)
    p_value, p_error = p_of_toys(fits.q, q)
    return Goodness(
        p_value=p_value,
        p_error=p_error,
        n_toys=n_toys,
        n_failed=int((fits.status >= Status.NOT_CONVERGED).sum()),
        is_bound=is_least(p_value, n_toys),
    )


def asymptotic_p_value(q: float, mu: FloatArray, n_constraints: int, ndf: int) -> float | None:
    """Return the p-value of a best fit without toys, None where no degree of freedom is left.

    A step of one or two expected counts has a mean of 1.15 and not of 1: hundreds of them would look wrong in
    every experiment if −2 ln L were a χ² of as many degrees of freedom.

    Parameters
    ----------
    q
        −2 ln L of the best fit.
    mu
        Expected counts of the steps that are measured, shape (n,).
    n_constraints
        Terms of −2 ln L that are a χ² of 1 each.
    ndf
        Degrees of freedom; those that the parameters take are taken from all terms alike.
    """
    if ndf <= 0 or not np.isfinite(q):
        return None
    mean, variance = moments_of_deviance(mu)
    share = ndf / (len(mu) + n_constraints)
    total = share * (float(np.sum(mean)) + n_constraints)
    spread = share * (float(np.sum(variance)) + 2 * n_constraints)
    if not spread > 0:
        return None
    return float(chdtrc(2 * total**2 / spread, 2 * total * max(q, 0.0) / spread))


def moments_of_deviance(mu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of −2 ln L of a step at its expected counts (n,), shape (n,) both."""
    inverse = 1 / np.maximum(mu, MANY)
    mean, variance = 1 + inverse / 6 + inverse**2 / 6, 2 + 2 * inverse / 3
    few = np.flatnonzero(mu < MANY)
    counts = np.arange(MANY + 12 * np.sqrt(MANY))[:, None]
    safe = np.maximum(mu[few], 1e-300)
    probability = np.exp(counts * np.log(safe) - safe - gammaln(counts + 1))
    deviance = poisson_deviance(counts, safe)
    mean[few] = np.sum(probability * deviance, axis=0)
    variance[few] = np.sum(probability * (deviance - mean[few]) ** 2, axis=0)
    return mean, variance
