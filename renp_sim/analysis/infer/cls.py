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
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.band import BAND
from renp_sim.analysis.infer.fit import FEW_COUNTS
from renp_sim.analysis.infer.limit import Limit, LimitStatus, is_even, is_seen
from renp_sim.analysis.infer.outcomes import every_outcome, is_enumerable, median_counts, p_of_toys
from renp_sim.analysis.infer.statistic import Kind, Statistic
from renp_sim.analysis.infer.toys import Toys, gathered, statistic_of
from renp_sim.analysis.intervals import Interval
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Shared

__all__ = ["PValues", "asymptotic_cls", "cls_limit"]

DOUBLINGS = 60
"""Times a bracket is doubled before a limit is said to be without bound."""

NEARBY = 1.1
"""Factor between values from which the fall of CLs is taken."""

ROOT_TOLERANCE = 1e-9
"""In the logarithm of a limit."""


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
        Where they are asked for.

    Raises
    ------
    ConfigError
        If the parameter can also lower an expectation, or p-values cannot be had as asked.
    """
    _require_adding(setup, name)
    if not is_seen(setup, name):
        return ClsLimit(limit=Limit.none(name, level, 0.0), p_values=p_values)
    setup = _at_null(setup, name)
    data = Statistic.of(setup, name, Kind.UPPER, counts[None])
    null = data.held(0.0).theta[0]
    first = _first_guess(setup, name, null)
    chosen = _chosen(setup, p_values, null, name, first, toys)
    if chosen is not PValues.ASYMPTOTIC and np.any(counts != np.round(counts)):
        # of whole numbers only are there outcomes: the median ones stand for an expectation
        data = data.of_other(median_counts(counts)[None])
        null = data.held(0.0).theta[0]
    if chosen is PValues.ASYMPTOTIC:
        curve: Callable[[float], float] = _Asymptotic.of(data, null).cls
    else:
        curve = _Counted(setup=Shared(setup), name=name, null=null, toys=toys, data=data).cls
    alpha = 1 - level
    upper = _root(lambda value: math.log(max(curve(value), 1e-300) / alpha), first)
    expected = _band(setup, name, counts, null, alpha, first) if band else None
    status = LimitStatus.UNBOUNDED if upper is None else LimitStatus.LIMITED
    error = None if toys is None or upper is None else _error(curve, upper, alpha, toys.n)
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


def _require_adding(setup: Setup, name: str) -> None:
    """Raise ConfigError if a parameter ≥ 0 can lower a step: by parts of both kinds, or a negative one."""
    quadratic = setup.model.quadratic((name,), setup.theta)
    if quadratic is not None:
        linear, square = quadratic.linear[:, 0], quadratic.square[:, 0, 0]
        both = np.any(linear != 0) and np.any(square != 0)
        if not (both or np.any(linear < 0) or np.any(square < 0)):
            return
    raise ConfigError(
        f"{name}: it can lower an expectation, and CLs is for a signal that only adds; "
        "use --method profile, which lists every region"
    )


def _at_null(setup: Setup, name: str) -> Setup:
    """Return the set-up that starts at the null value of the parameter."""
    theta = setup.theta.copy()
    theta[setup.index(name)] = 0.0
    return setup.moved(theta)


def _first_guess(setup: Setup, name: str, null: FloatArray) -> float:
    """Return about the size at which a parameter gives three counts, or a standard deviation of them."""
    theta = null.copy()
    index, scale = setup.index(name), float(setup.scale[setup.names.index(name)])
    background = setup.model.expected(null)
    value = scale
    for _ in range(DOUBLINGS):
        theta[index] = value
        more = float(np.sum(setup.model.expected(theta) - background))
        wanted = 3 + math.sqrt(float(np.sum(background)))
        if 0.1 * wanted < more < 10 * wanted:
            break
        power = 0.5 if name in setup.squared else 1.0
        value *= min(max((wanted / max(more, 1e-300)) ** power, 1e-6), 1e6)
    return value


def _chosen(
    setup: Setup,
    asked: PValues,
    null: FloatArray,
    name: str,
    first: float,
    toys: Toys | None,
) -> PValues:
    """Return where p-values come from."""
    if toys is not None:
        return PValues.TOYS
    theta = null.copy()
    theta[setup.index(name)] = 4 * first
    mu = setup.model.expected(theta)
    possible = len(setup.names) == 1 and is_enumerable(mu, mu)
    if asked is PValues.EXACT and not possible:
        raise ConfigError(
            f"{name}: outcomes are too many to be counted, or something else floats; use --toys N"
        )
    if asked is not PValues.AUTO:
        return asked
    theta[setup.index(name)] = first
    is_few = bool(np.any(setup.model.expected(theta) < FEW_COUNTS))
    return PValues.EXACT if possible and is_few else PValues.ASYMPTOTIC


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asymptotic:
    """CLs from the observed q̃ and that of background alone."""

    data: Statistic
    asimov: Statistic

    @classmethod
    def of(cls, data: Statistic, null: FloatArray) -> "_Asymptotic":
        setup = data.setup
        centred = setup.measured(null[setup.free])
        mu = setup.model.expected(null)
        return cls(data=data, asimov=Statistic.of(centred.moved(null), data.name, Kind.UPPER, mu[None]))

    def cls(self, value: float) -> float:
        q, q_null = float(self.data.at(value)[0]), float(self.asimov.at(value)[0])
        if q_null <= 0:
            return 1.0
        return float(asymptotic_cls(np.array(q), q_null))


def asymptotic_cls(q: FloatArray, q_null: float) -> FloatArray:
    """Return CLs of values of q̃, where background alone expects q̃ = q_null > 0, of any shape."""
    root, root_null = np.sqrt(q), math.sqrt(q_null)
    away = np.where(root <= root_null, root - root_null, (q - q_null) / (2 * root_null))
    return np.asarray(ndtr(-(away + root_null)) / ndtr(-away))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Counted:
    """CLs from outcomes, all of them or toys, at the best fit of everything else to the data in hand."""

    setup: Shared[Setup]
    name: str
    null: FloatArray
    toys: Toys | None
    data: Statistic

    def cls(self, value: float) -> float:
        held = self.data.held(value)
        observed = float(self.data.of_held(held, value)[0])
        both, alone = self._p_values([held.theta[0], self.null], value, observed)
        return both / alone if alone > 0 else 1.0

    def _p_values(self, thetas: list[FloatArray], value: float, observed: float) -> list[float]:
        if self.toys is None:
            return [self._exact(theta, value, observed) for theta in thetas]
        calls = [((self.setup, self.name, Kind.UPPER, theta, value), self.toys.parts) for theta in thetas]
        found = gathered(self.toys.executor, statistic_of, calls)
        return [p_of_toys(np.concatenate(parts), observed)[0] for parts in found]

    def _exact(self, theta: FloatArray, value: float, observed: float) -> float:
        mu = self.setup.value.model.expected(theta)
        outcomes = every_outcome(mu, mu)
        return outcomes.p_value(self.data.of_other(outcomes.counts).at(value), observed, mu)[0]


def _band(
    setup: Setup, name: str, counts: FloatArray, null: FloatArray, alpha: float, first: float
) -> tuple[float | None, ...]:
    """Return the limits of background alone N standard deviations up: √q_A = Φ⁻¹(1 − α Φ(N)) + N."""
    asimov = _Asymptotic.of(Statistic.of(setup, name, Kind.UPPER, counts[None]), null).asimov

    def root(value: float) -> float:
        return math.sqrt(float(asimov.at(value)[0]))

    wanted = [float(ndtri(1 - alpha * ndtr(n)) + n) for n in BAND]

    def reaches(far: float) -> float | None:
        return _root(lambda value: far - root(value), first)

    return tuple(reaches(far) for far in wanted)


def _root(excess: Callable[[float], float], first: float) -> float | None:
    """Return where an excess falls through 0, searched outward in the logarithm; None where it never does."""
    low = high = math.log(first)
    for _ in range(DOUBLINGS):
        if excess(math.exp(low)) > 0:
            break
        low -= math.log(2)
    for _ in range(DOUBLINGS):
        if excess(math.exp(high)) <= 0:
            found = brentq(lambda x: excess(math.exp(x)), low, high, xtol=ROOT_TOLERANCE)
            return math.exp(float(found))
        high += math.log(2)
    return None
