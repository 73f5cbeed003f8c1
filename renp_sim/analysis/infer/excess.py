"""An excess of a known shape somewhere in a scan: how improbable it is at its place, and anywhere.

The place is chosen by the data among many, so the largest Δ(−2 ln L) of a scan over places is compared with
those of toys without an excess. Beyond what toys reach, the mean number of times that Δ rises through a low
level from place to place bounds the p-value (Gross & Vitells, EPJC 70 (2010) 525, Eq. 3).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.compare import Significance, best_fit
from renp_sim.analysis.infer.outcomes import Uniforms, p_of_toys
from renp_sim.analysis.infer.possible import require_possible
from renp_sim.analysis.likelihood.poisson import TINY
from renp_sim.analysis.likelihood.template_model import WithTemplate
from renp_sim.analysis.search.near import Near
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.search import search
from renp_sim.arrays import BoolArray, FloatArray

__all__ = ["ENOUGH_TOYS", "Chance", "Excess", "chance_of", "excess_of", "largest_likely", "scan_of_excess"]

ENOUGH_TOYS = 10
"""Beyond a quantile for it to be taken from them (`test_upcrossings_bound_what_toys_reach`)."""

Progress = Callable[[int, int], None]

LOW_LEVEL = 0.5
"""Δ(−2 ln L) at which upcrossings are counted: low, so that few toys know their number well
(`test_few_toys_know_the_number_of_upcrossings`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excess:
    """The largest excess of data.

    Parameters
    ----------
    place
        Which template it has.
    strength
        Of that template, ≥ 0.
    local, anywhere
        Its significance there and anywhere; the latter by toys.
    anywhere_bound
        p-value anywhere by upcrossings.
    delta_q, strengths
        Of each template, shape (t,).
    """

    place: int
    strength: float
    local: Significance
    anywhere: Significance
    anywhere_bound: float
    delta_q: FloatArray
    strengths: FloatArray

    @property
    def trial_factor(self) -> float:
        """How much more probable such an excess is anywhere than at its place."""
        return self.anywhere.p_value / self.local.p_value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chance:
    """What toys without an excess show: what chance alone does.

    Parameters
    ----------
    largest
        Their largest Δ(−2 ln L), shape (b,).
    upcrossings
        Mean number of rises through `LOW_LEVEL` along the templates.
    """

    largest: FloatArray
    upcrossings: float

    def p_value(self, delta_q: float) -> tuple[float, float]:
        """Return the probability that the largest is not below a value, and its Monte Carlo error."""
        return p_of_toys(self.largest, delta_q)

    def bound(self, delta_q: float) -> float:
        """Return the bound on it by upcrossings; whatever there is has a largest one that is not below 0."""
        if delta_q <= 0:
            return 1.0
        return min(_local_p(delta_q) + self.upcrossings * math.exp(-(delta_q - LOW_LEVEL) / 2), 1.0)


def scan_of_excess(
    setup: Setup,
    templates: FloatArray,
    counts: FloatArray,
    constraint_values: FloatArray | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return Δ(−2 ln L) ≥ 0 and the strength of each template in each set of counts, shape (b, t).

    Parameters
    ----------
    setup
        What floats without an excess.
    templates
        Counts of strength 1, shape (t, n).
    counts
        Shape (b, n).
    constraint_values
        What the constraints say in each set, shape (b, f), where toys randomise them.
    progress
        Told how many templates are done, and of how many.
    """
    none = search(setup, counts, constraint_values=constraint_values)
    values, shape = constraint_values, (len(counts), len(templates))
    if values is not None:
        values = np.concatenate([values, np.zeros((len(counts), 1))], axis=1)
    is_local = not (setup.searched or setup.bent)
    # a strength alone has a table of its own
    near = Near.of(setup, none.theta) if is_local and len(setup.free) else None
    wanted = _wanted(setup, templates, counts, none) if is_local else np.ones(shape, dtype=np.bool_)
    delta_q, strengths = np.zeros((2, *shape))
    for t, template in enumerate(templates):
        if progress is not None:
            progress(t, len(templates))
        rows = np.flatnonzero(wanted[:, t])
        own = None if values is None else values[rows]
        if near is not None:
            found = near.take(rows).with_template(template, counts[rows], own)
        else:
            found = search(WithTemplate.floating(setup, template), counts[rows], constraint_values=own)
        # what one fit found and the other missed is no evidence
        delta_q[rows, t] = np.maximum(none.q[rows] - found.q, 0.0)
        strengths[rows, t] = found.theta[:, -1]
    return delta_q, strengths


def _wanted(setup: Setup, templates: FloatArray, counts: FloatArray, none: Solution) -> BoolArray:
    """Return which templates lower −2 ln L where they begin at the best fit without them, shape (b, t).

    Of the others the best strength is 0, and nothing else moves.
    """
    mu = setup.model.expected(none.theta)
    ratio = np.where(mu > TINY, counts / np.where(mu > TINY, mu, 1.0), np.where(counts > 0, np.inf, 0.0))
    impossible = np.any(np.isinf(ratio), axis=1)
    slope = np.sum(templates, axis=1) - np.where(impossible[:, None], 0.0, ratio) @ templates.T
    wanted: BoolArray = (slope < 0) | impossible[:, None]
    return wanted


def chance_of(
    setup: Setup, templates: FloatArray, uniforms: Uniforms, *, progress: Progress | None = None
) -> Chance:
    """Return what toys at the parameters of a set-up show; arguments as in `scan_of_excess`."""
    mu = setup.model.expected(setup.theta)
    toys = uniforms.outcomes(setup, mu, setup.theta)
    delta_q, _ = scan_of_excess(setup, templates, toys.counts, toys.constraint_values, progress=progress)
    above = delta_q > LOW_LEVEL
    rises = above[:, 1:] & ~above[:, :-1]
    return Chance(largest=np.max(delta_q, axis=1), upcrossings=float(np.mean(np.sum(rises, axis=1))))


def excess_of(
    setup: Setup,
    templates: FloatArray,
    counts: FloatArray,
    *,
    seed: int,
    n_toys: int,
    progress: Progress | None = None,
) -> tuple[Excess, Setup, Chance]:
    """Return the largest excess of data (n,), the fit without it, and what toys at that fit show."""
    null, q_null = best_fit(setup, counts)
    require_possible(null, q_null, counts)
    delta_q, strengths = (values[0] for values in scan_of_excess(null, templates, counts[None]))
    uniforms = Uniforms.of(null, len(counts), seed=seed, n_toys=n_toys)
    chance = chance_of(null, templates, uniforms, progress=progress)
    place = int(np.argmax(delta_q))
    largest = float(delta_q[place])
    return (
        Excess(
            place=place,
            strength=float(strengths[place]),
            local=Significance.of(_local_p(largest), None),
            anywhere=Significance.of(*chance.p_value(largest), n_toys=n_toys),
            anywhere_bound=chance.bound(largest),
            delta_q=delta_q,
            strengths=strengths,
        ),
        null,
        chance,
    )


def largest_likely(chance: Chance, p_value: float) -> float:
    """Return the Δ(−2 ln L) that is exceeded anywhere with a probability, by upcrossings beyond the toys."""
    if p_value * len(chance.largest) >= ENOUGH_TOYS:
        return float(np.quantile(chance.largest, 1 - p_value))
    # no local p-value is above exp(−Δ/2)
    far = 2 * math.log((1 + chance.upcrossings * math.exp(LOW_LEVEL / 2)) / p_value)
    return float(brentq(lambda delta_q: math.log(chance.bound(delta_q) / p_value), 0.0, far))


def _local_p(delta_q: float) -> float:
    """Return ½ P(χ²₁ > Δ), asymptotic: the strength is not negative."""
    return float(chdtrc(1, max(delta_q, 0.0))) / 2
