"""Confidence intervals by the construction of Feldman and Cousins."""

from dataclasses import replace

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.belt import Belt
from renp_sim.analysis.infer.belts import Belts
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import is_enumerable, median_counts
from renp_sim.analysis.infer.possible import require_possible
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Toys
from renp_sim.analysis.intervals import Interval
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor, Serial, Shared

__all__ = ["feldman_cousins_limit"]


def feldman_cousins_limit(
    setup: Setup,
    counts: FloatArray,
    name: str,
    level: float,
    belts: Belts | None = None,
    executor: Executor | None = None,
) -> Limit:
    """Return the interval of Feldman and Cousins, a list of regions where it is not connected.

    Parameters
    ----------
    setup
        What floats, `name` among it.
    counts
        Shape (n,); of an expectation the median counts are taken.
    name
        The parameter.
    level
        Confidence level.
    belts
        What is known from before, which what is made here joins. Without toys, and where there are none,
        every outcome is counted.
    executor
        Who makes the distributions; no result depends on it.

    Raises
    ------
    ConfigError
        If outcomes cannot be counted and no toys are asked for.
    FitError
        If no value allows the counts.
    """
    if not is_seen(setup, name):
        return Limit.none(name, level, float(setup.theta[setup.index(name)]))
    if np.any(counts != np.round(counts)):
        # of whole numbers only are there outcomes: the median ones stand for an expectation
        counts = median_counts(counts)
    data = Statistic.of(setup, name, Kind.TWO_SIDED, counts[None])
    require_possible(setup, float(data.best.q[0]), counts)
    if belts is None:
        belts = Belts.open(None, setup, name, seed=0, n_toys=0)
    executor = executor or Serial()
    toys = Toys(seed=belts.seed, n=belts.n_toys, executor=executor) if belts.n_toys else None
    belt = Belt(shared=Shared(setup), name=name, level=level, belts=belts, toys=toys, executor=executor)
    if toys is None:
        most = _most_expected(setup, name, belt.points(data))
        if len(setup.names) > 1 or not is_enumerable(most, most):
            raise ConfigError(
                "--method feldman-cousins: outcomes are too many to be counted, or something else floats; "
                "give --toys N"
            )
    regions, errors = belt.regions(data)
    lower = None if regions[0].lower_open else regions[0].lower
    upper = None if regions[-1].upper_open else regions[-1].upper
    upper_error = errors.get(upper) if upper is not None else None
    lower_error = errors.get(lower) if lower is not None else None
    if is_even(setup, name):
        mirrored = tuple(
            Interval(lower=-r.upper, upper=-r.lower, lower_open=r.upper_open)
            for r in reversed(regions)
            if r.lower > 0
        )
        regions = mirrored + tuple(
            replace(r, lower=-r.upper, lower_open=r.upper_open) if r.lower == 0 else r for r in regions
        )
        lower, lower_error = (None, None) if upper is None else (-upper, upper_error)
    return Limit(
        name=name,
        level=level,
        delta_q=None,
        sided="two-sided",
        best=float(data.best_values[0]),
        lower=lower,
        upper=upper,
        regions=regions,
        expected=None,
        status=LimitStatus.UNBOUNDED if upper is None else LimitStatus.LIMITED,
        lower_error=lower_error,
        upper_error=upper_error,
    )


def _most_expected(setup: Setup, name: str, points: FloatArray) -> FloatArray:
    theta = np.tile(setup.theta, (len(points), 1))
    theta[:, setup.index(name)] = points
    most: FloatArray = np.max(setup.model.expected(theta), axis=0)
    return most
