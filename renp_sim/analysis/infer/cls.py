"""One-sided upper limits by CLs, of a signal that only adds to the counts.

q̃ and its asymptotic distributions are those of Cowan et al., EPJC 71 (2011) 1554, Eqs. 16 and 62–66; CLs is
the p-value of signal and background over that of background alone (Read 2002). With few counts and nothing
else floating every outcome is counted; toys do what neither can.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.cls_values import AsymptoticCls, CountedCls, root_of
from renp_sim.analysis.infer.fit import FEW_COUNTS
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import is_enumerable, median_counts
from renp_sim.analysis.infer.possible import require_possible
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Toys
from renp_sim.analysis.intervals import Interval
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Shared

__all__ = ["PValues", "cls_limit", "only_adds"]

NEARBY = 1.1
"""Factor between values from which the fall of CLs is taken (`test_fall_of_cls_is_taken_over_many_toys`)."""


class PValues(StrEnum):
    """Where the p-values of a limit come from."""

    AUTO = "auto"
    ASYMPTOTIC = "asymptotic"
    EXACT = "exact"
    TOYS = "toys"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClsLimit:
    """A CLs limit, and where its p-values come from."""

    limit: Limit
    p_values: PValues


def cls_limit(
    setup: Setup,
    counts: FloatArray,
    name: str,
    level: float,
    *,
    band: bool = False,
    p_values: PValues = PValues.AUTO,
    toys: Toys | None = None,
) -> ClsLimit:
    """Return the value from which on CLs is below 1 − level.

    Parameters
    ----------
    setup
        What floats, `name` among it; its null value is 0.
    counts
        Shape (n,); of an expectation the median counts are taken where p-values are counted.
    name
        A parameter whose size only adds to the counts.
    level
        One-sided.
    band
        Whether the limits that background alone would give are wanted.
    p_values
        `AUTO` counts every outcome where a step expects fewer than ten and nothing else floats.
    toys
        Drawn where outcomes are not counted; None: not at all.

    Raises
    ------
    ConfigError
        If the parameter can also lower an expectation, or p-values cannot be had as asked.
    FitError
        If no value allows the counts.
    """
    if not only_adds(setup, name):
        raise ConfigError(
            f"{name}: it can lower an expectation, and CLs is for a signal that only adds; "
            "use --method profile, which lists every region"
        )
    if not is_seen(setup, name):
        return ClsLimit(limit=Limit.none(name, level, 0.0), p_values=p_values)
    setup = _at_null(setup, name)
    data = Statistic.of(setup, name, Kind.UPPER, counts[None])
    require_possible(setup, float(data.best.q[0]), counts)
    null = data.held(0.0).theta[0]
    first = _first_guess(setup, name, null)
    chosen = _chosen(setup, p_values, null, name, first, toys)
    toys = toys if chosen is PValues.TOYS else None
    if chosen is not PValues.ASYMPTOTIC and np.any(counts != np.round(counts)):
        # of whole numbers only are there outcomes: the median ones stand for an expectation
        data = data.of_other(median_counts(counts)[None])
        null = data.held(0.0).theta[0]
    if chosen is PValues.ASYMPTOTIC:
        curve: AsymptoticCls | CountedCls = AsymptoticCls.of(data, null)
    else:
        curve = CountedCls(setup=Shared(setup), name=name, null=null, toys=toys, data=data)
    alpha = 1 - level
    upper = root_of(lambda value: math.log(max(curve.cls(value), 1e-300) / alpha), first)
    expected = curve.band(alpha, first) if band else None
    status = LimitStatus.UNBOUNDED if upper is None else LimitStatus.LIMITED
    error = None if toys is None or upper is None else _error(curve.cls, upper, alpha, toys.n)
    limit = _limit(name, level, upper, expected, status, data)
    return ClsLimit(limit=replace(limit, upper_error=error), p_values=chosen)


def _error(curve: Callable[[float], float], upper: float, alpha: float, n_toys: int) -> float | None:
    """Return the error of a limit from that of its CLs, both p-values of which have one from n toys."""
    fall = math.log(curve(upper / NEARBY) / curve(upper * NEARBY)) / (2 * math.log(NEARBY))
    # CLs = p/p₀ with p₀ about one half: the relative errors of both
    relative = math.sqrt(2 * (1 - alpha) / (alpha * n_toys) + 1 / n_toys)
    return upper * relative / fall if fall > 0 else None


def _limit(
    name: str,
    level: float,
    upper: float | None,
    expected: tuple[float | None, ...] | None,
    status: LimitStatus,
    data: Statistic,
) -> Limit:
    lower = None if upper is None else -upper if is_even(data.setup, name) else 0.0
    regions = () if upper is None or lower is None else (Interval(lower=lower, upper=upper),)
    return Limit(
        name=name,
        level=level,
        delta_q=None,
        sided="one-sided",
        best=float(data.best_values[0]),
        lower=lower,
        upper=upper,
        regions=regions,
        expected=expected,
        status=status,
    )


def only_adds(setup: Setup, name: str) -> bool:
    """Return whether no size of a parameter lowers a step, by parts of both kinds or a negative one."""
    quadratic = setup.model.quadratic((name,), setup.theta)
    if quadratic is not None:
        linear, square = quadratic.linear[:, 0], quadratic.square[:, 0, 0]
        both = np.any(linear != 0) and np.any(square != 0)
        return not (both or np.any(linear < 0) or np.any(square < 0))
    return False


def _at_null(setup: Setup, name: str) -> Setup:
    """Return the set-up that starts at the null value of the parameter."""
    theta = setup.theta.copy()
    theta[setup.index(name)] = 0.0
    return setup.moved(theta)


def _first_guess(setup: Setup, name: str, null: FloatArray) -> float:
    """Return the size at which a parameter gives three counts, and a standard deviation of the background.

    What only adds does so in proportion to its value or to the square of it.
    """
    wanted = 3 + math.sqrt(float(np.sum(setup.model.expected(null))))
    form = setup.model.quadratic((name,), null)
    linear, square = (0.0, 0.0) if form is None else (float(np.sum(form.linear)), float(np.sum(form.square)))
    if linear <= 0 and square <= 0:
        return float(setup.scale[setup.names.index(name)])
    return wanted / linear if linear > 0 else math.sqrt(wanted / square)


def _chosen(
    setup: Setup,
    asked: PValues,
    null: FloatArray,
    name: str,
    first: float,
    toys: Toys | None,
) -> PValues:
    """Return where p-values come from."""
    theta = null.copy()
    theta[setup.index(name)] = 4 * first
    mu = setup.model.expected(theta)
    possible = len(setup.names) == 1 and is_enumerable(mu, mu)
    if asked is PValues.EXACT and not possible:
        raise ConfigError(
            f"{name}: outcomes are too many to be counted, or something else floats; use --toys N"
        )
    if asked is PValues.TOYS and toys is None:
        raise ConfigError("--p-values toys: how many? give --toys N")
    if asked is not PValues.AUTO:
        return asked
    theta[setup.index(name)] = first
    is_few = bool(np.any(setup.model.expected(theta) < FEW_COUNTS))
    if possible and is_few:
        return PValues.EXACT
    return PValues.ASYMPTOTIC if toys is None else PValues.TOYS
