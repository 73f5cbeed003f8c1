"""Points of a scan: every kink of a parameter, and what lies between; every value a coupling may take."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.search.axis import NARROWEST
from renp_sim.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["bent_centre", "coupling_points", "is_on_kink", "kink_distance", "kinked_points"]


FEWEST_INSIDE, MOST_INSIDE = 4, 19
"""Points inside a smooth piece, with two more a typical step (test_toys_miss_minima_with_a_weaker)."""

FIRST_INSIDE = 0.08
"""Where the first of these is, in u: beside an onset a minimum is as narrow as its distance is small
(test_toys_miss_minima_with_a_weaker)."""

SIGNIFICANCE_STEP = 1.5
"""Distance of the scan points of a coupling, in standard deviations of the counts
(test_toys_miss_minima_with_a_weaker)."""

NARROW = 0.03
"""A smooth piece narrower than this many typical steps has one point inside, others `FEWEST_INSIDE` or more
(test_rows_that_rest_elsewhere_are_fitted_as_if_alone)."""

FAR = 2.0 ** np.arange(1, 7)
"""Where a coupling is looked for if a free normalisation can make up for it, in reaches of the scan
(test_a_free_norm_that_makes_up_for_a_coupling_hides_no_minimum)."""

ON_KINK = 1e-6
"""How near a kink is where a fit stands on it, in typical steps of the parameter: a fit along a kink that two
parameters move leaves some 1e-9 (`test_a_fit_on_a_kink_that_two_parameters_move_has_ended`)."""

MOST_POINTS = 40
"""Of a coupling at most (test_toys_miss_minima_with_a_weaker)."""


def kinked_points(
    setup: "Setup", name: str, *, lower: float = -np.inf, upper: float = np.inf
) -> tuple[FloatArray, BoolArray]:
    """Return scan points of a kinked parameter and which are kinks: ends, kinks, and points between.

    Parameters
    ----------
    setup
        The other parameters stand where it says.
    name
        Of the parameter.
    lower, upper
        Ends, inside the bounds of the parameter; infinite ends stop ten typical steps beyond the kinks.
    """
    parameter = setup.model.parameters[setup.index(name)]
    low, high = max(lower, parameter.lower), min(upper, parameter.upper)
    kinks = setup.model.kinks(name, setup.theta)
    kinks = kinks[(kinks > low) & (kinks < high)]
    # two kinks within rounding are one
    kinks = kinks[np.diff(kinks, prepend=-np.inf) > NARROWEST * parameter.scale]
    inner = kinks if len(kinks) else np.array([setup.theta[setup.index(name)]])
    low = low if np.isfinite(low) else float(inner[0]) - 10 * parameter.scale
    high = high if np.isfinite(high) else float(inner[-1]) + 10 * parameter.scale
    ends = np.concatenate([[low], kinks, [high]])
    pieces = []
    for a, b in itertools.pairwise(ends):
        if b - a > NARROW * parameter.scale:
            n_inside = min(FEWEST_INSIDE + int(2 * (b - a) / parameter.scale), MOST_INSIDE)
            inner = np.linspace(FIRST_INSIDE, 1 - FIRST_INSIDE, n_inside)
        else:
            inner = np.array([0.5])
        pieces.append(a + (b - a) * np.sin(np.pi / 2 * np.append(0.0, inner)) ** 2)
    points = np.concatenate([*pieces, ends[-1:]])
    return points, np.isin(points, kinks)


def kink_distance(setup: "Setup", name: str) -> float:
    """Return how far the next kink of a parameter is."""
    kinks = setup.model.kinks(name, setup.theta)
    return float(np.min(np.abs(kinks - setup.theta[setup.index(name)]), initial=np.inf))


def is_on_kink(setup: "Setup") -> bool:
    """Return whether a searched parameter stands on a kink, wherever others have moved it.

    Such as a mass whose threshold is at a step that an offset has shifted: derivatives vanish on no side of
    it, so that no fit by them ends there.
    """
    scale = dict(zip(setup.names, setup.scale.tolist(), strict=True))
    return any(kink_distance(setup, name) <= ON_KINK * scale[name] for name in setup.searched)


def bent_centre(setup: "Setup", name: str) -> float:
    """Return where all steps together expect least: there may be a minimum on either side."""
    quadratic = setup.model.quadratic((name,), setup.theta)
    assert quadratic is not None
    total = float(np.sum(quadratic.square))
    # without a signal, such as at norm 0, a coupling has no effect and any centre will do
    return float(-np.sum(quadratic.linear) / (2 * total)) if total > 0 else 0.0


def coupling_points(setup: "Setup", name: str, counts: FloatArray) -> FloatArray:
    """Return scan points of a parameter in which μ is quadratic or linear, over what all toys may want.

    They reach two standard deviations beyond the values that explain the lowest and the highest total of
    all toys, and are equally spaced in significance ∫√(Σ μ'²/μ) dx. A fit may leave their range.

    Parameters
    ----------
    setup
        The other parameters stand where it says.
    name
        Of the parameter.
    counts
        Shape (b, n).
    """
    quadratic = setup.model.quadratic((name,), setup.theta)
    assert quadratic is not None
    c, b, a = quadratic.constant, quadratic.linear[:, 0], quadratic.square[:, 0, 0]
    low, high = np.clip(_reach(setup, name, counts, c, b, a), *setup.limits(name)).tolist()
    fine = np.linspace(low, high, 1001)[:, None]
    slope = b + 2 * fine * a
    density = np.sqrt(np.sum(slope**2 / np.maximum(c + fine * (b + fine * a), 0.1), axis=1))
    reached = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine[:, 0]))])
    n_points = int(np.clip(np.ceil(reached[-1] / SIGNIFICANCE_STEP), 2, MOST_POINTS))
    points = np.interp(np.linspace(0, reached[-1], n_points), reached, fine[:, 0])
    if not np.sum(a) > 0:
        return points
    # around the centre nothing is significant, but a minimum may be there
    centre = bent_centre(setup, name)
    points = np.union1d(points, np.clip(centre, low, high))
    if _is_made_up_for(setup, name):
        far = np.concatenate([centre + (low - centre) * FAR, centre + (high - centre) * FAR])
        points = np.union1d(points, np.clip(far, *setup.limits(name)))
    return points


def _is_made_up_for(setup: "Setup", name: str) -> bool:
    """Return whether a free parameter multiplies a coupling, so that only their product is bound."""
    others = [
        n for n, c in zip(setup.names, setup.constraints, strict=True) if c is None and n in setup.linear
    ]
    return any(setup.model.quadratic((name, other), setup.theta) is None for other in others)


def _reach(
    setup: "Setup", name: str, counts: FloatArray, c: FloatArray, b: FloatArray, a: FloatArray
) -> FloatArray:
    """Return the ends of the scan of a parameter with μ = c + b x + a x²."""
    totals = np.append(np.sum(counts, axis=1), np.sum(c))
    least, most = float(np.min(totals)), float(np.max(totals)) + 1
    least, most = max(least - 2 * np.sqrt(least + 1), 0.5), most + 2 * np.sqrt(most)
    if np.sum(a) > 0:
        centre = bent_centre(setup, name)
        reach = np.sqrt(max(centre**2 + (most - np.sum(c)) / np.sum(a), 0.0))
        return np.array([centre - reach, centre + reach])
    if np.sum(b) > 0:
        return (np.array([least, most]) - np.sum(c)) / np.sum(b)
    # without a signal, such as at norm 0, a coupling has no effect
    around: FloatArray = setup.theta[setup.index(name)] + setup.scale[setup.names.index(name)] * np.array(
        [-1, 1]
    )
    return around
