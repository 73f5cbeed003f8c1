"""Goodness of fit from toys: how often a repeated experiment fits its own model no better than the data do.

The statistic is −2 ln L against the saturated model (Baker & Cousins, NIM 221 (1984) 437), whose χ² is a
shortcut where counts are few. Toys are drawn at the best fit and fitted as the data were.
"""

from dataclasses import dataclass

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.outcomes import Uniforms, is_least, p_of_toys
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.search import search

__all__ = ["Goodness", "goodness_of_fit"]


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
