"""From the parameters of a fit to thresholds: intervals of what everything that floated moves together."""

from collections.abc import Callable

import numpy as np

from renp_sim.analysis.infer.fit import ModelFit
from renp_sim.analysis.infer.result import ParameterFit
from renp_sim.app.fitting import model_fitted
from renp_sim.arrays import FloatArray
from renp_sim.physics.pairs import PAIRS

__all__ = ["regions_of_thresholds"]

MOVERS = ("lightest_mass_eV", "dm2_3l_eV2", "dm2_21_eV2")
"""What moves thresholds. The first that floats is followed along its profile."""

POINTS = 33
"""Points of a region along the profile."""

SLOPE_STEP = 1e-3
"""Of a difference of ω, in halves of the range of a splitting."""

FIRST_STEP = 0.1
"""Of a difference of −2 ln L, in the same unit: half a range is ten errors of NuFIT 5.2."""

DOUBLINGS = 8
"""Of the way, until −2 ln L has risen enough."""

BISECTIONS = 14
"""Of its end."""

Regions = list[tuple[float, float]]


def regions_of_thresholds(fitted: ModelFit, e_eg_eV: float, delta_q: float) -> dict[str, Regions]:
    """Return the intervals of ω_ij by pair, eV, regions (low, high) in rising order; none where all is fixed.

    From points along the profile of the followed parameter the others go where ω rises or falls most for a
    rise of −2 ln L, to where that is Δq. With one other this is exact, with two as good as a parabola's axes.

    Parameters
    ----------
    fitted
        A fit with one mass.
    e_eg_eV
        Of the atom.
    delta_q
        At the ends.
    """
    floating = {p.name: p for p in fitted.floating}
    names = [name for name in MOVERS if name in floating]
    if not names or floating[names[0]].intervals is None:
        return {pair: [] for pair in PAIRS}
    first, rest = floating[names[0]], [floating[name] for name in names[1:]]
    found = [
        _region(fitted, first, rest, (region.lower, region.upper), e_eg_eV, delta_q)
        for region in (first.intervals.regions if first.intervals is not None else ())
    ]
    return {
        pair: _united([(float(low[place]), float(high[place])) for low, high in found])
        for pair, place in PAIRS.items()
    }


def _region(
    fitted: ModelFit,
    first: ParameterFit,
    rest: list[ParameterFit],
    ends: tuple[float, float],
    e_eg_eV: float,
    delta_q: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest ω of a region of the followed parameter, shape (3, 3) each."""
    setup = fitted.setup
    if not rest:
        theta = np.tile(setup.theta, (2, 1))
        theta[:, setup.index(first.name)] = ends
    else:
        # towards an end the room for the others goes as a root
        share = np.sin(np.linspace(0, np.pi / 2, POINTS)) ** 2
        values = ends[0] + (ends[1] - ends[0]) * share
        along = fitted.curve.fits((first.name,), values[:, None]).theta
        theta = np.concatenate([along, _at_level(fitted, first, rest, along, e_eg_eV, delta_q)])
    omega = _thresholds(fitted, theta, e_eg_eV)
    return np.min(omega, axis=0), np.max(omega, axis=0)


def _thresholds(fitted: ModelFit, theta: FloatArray, e_eg_eV: float) -> FloatArray:
    """Return ω_ij for rows of θ, shape (b, 3, 3); masses that nothing bounds leave no photon any energy."""
    return np.maximum(model_fitted(fitted).neutrinos(theta).thresholds_eV(e_eg_eV), 0.0)


def _at_level(
    fitted: ModelFit,
    first: ParameterFit,
    rest: list[ParameterFit],
    theta: FloatArray,
    e_eg_eV: float,
    delta_q: float,
) -> FloatArray:
    """Return θ where −2 ln L has risen by Δq on ways from rows of θ along which a threshold moves most."""
    setup = fitted.setup
    columns = [setup.index(p.name) for p in rest]
    lower, upper = (np.array(ends) for ends in zip(*(setup.limits(p.name) for p in rest), strict=True))
    held = [setup.index(first.name), *columns]
    names = tuple(setup.model.parameters[column].name for column in held)

    def above(rows: FloatArray) -> FloatArray:
        """Return Δq where rows of θ have the masses and splittings."""
        return fitted.curve.fits(names, rows[:, held]).q - fitted.minus_two_ln_L

    ways = _ways(fitted, theta, columns, (upper - lower) / 2, above, e_eg_eV)
    starts = np.tile(theta, (len(ways) // len(theta), 1))
    here = starts[:, columns]
    room = np.where(ways > 0, upper - here, here - lower)
    # as far as the bounds allow
    most = np.min(room / np.maximum(np.abs(ways), 1e-300), axis=1)

    def at(share: FloatArray) -> FloatArray:
        rows = starts.copy()
        rows[:, columns] = here + share[:, None] * ways
        return rows

    low, high = np.zeros(len(ways)), np.minimum(np.sqrt(delta_q), most)
    for _ in range(DOUBLINGS):
        beyond = (above(at(high)) <= delta_q) & (high < most)
        if not np.any(beyond):
            break
        low, high = np.where(beyond, high, low), np.where(beyond, np.minimum(2 * high, most), high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        inside = above(at(middle)) <= delta_q
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return at(low)


def _ways(
    fitted: ModelFit,
    theta: FloatArray,
    columns: list[int],
    half: FloatArray,
    above: Callable[[FloatArray], FloatArray],
    e_eg_eV: float,
) -> FloatArray:
    """Return ± C g/√(gᵀ C g) of every pair, g = ∂ω/∂d, from each row of θ, shape (ways × rows, n).

    Of parabolas it is the way to the highest ω that they allow, and one long for each unit of √Δq.
    """
    if len(columns) == 1:
        one = np.full((len(theta), 1), FIRST_STEP * half[0])
        return np.concatenate([one, -one])

    def of(others: FloatArray) -> FloatArray:
        rows = theta.copy()
        rows[:, columns] = half * others
        return rows

    # in units of half the range of each
    centre = theta[:, columns] / half
    inverse = _half_curvature(lambda others: above(of(others)), centre, FIRST_STEP)
    size, axes = np.linalg.eigh(inverse)
    # what the data do not see is somewhere in its range
    covariance = np.einsum("bik,bk,bjk->bij", axes, 1 / np.maximum(size, 1.0), axes)
    out = []
    slopes = [
        _thresholds(fitted, of(centre + by), e_eg_eV) - _thresholds(fitted, of(centre - by), e_eg_eV)
        for by in SLOPE_STEP * np.eye(len(columns))
    ]
    for place in PAIRS.values():
        gradient = np.stack([slope[:, *place] for slope in slopes], axis=1) / (2 * SLOPE_STEP)
        way = np.einsum("bij,bj->bi", covariance, gradient)
        length = np.sqrt(np.maximum(np.einsum("bi,bi->b", gradient, way), 1e-300))[:, None]
        out += [half * way / length, -half * way / length]
    return np.concatenate(out)


def _half_curvature(
    function: Callable[[FloatArray], FloatArray], centre: FloatArray, step: float
) -> FloatArray:
    """Return C⁻¹ of q̂ + xᵀ C⁻¹ x by second differences around rows of x (b, n), shape (b, n, n)."""
    n = centre.shape[1]
    here = function(centre)

    def along(direction: FloatArray) -> FloatArray:
        by = step * direction
        half: FloatArray = (function(centre + by) + function(centre - by)) / 2 - here
        return half / step**2

    out = np.empty((len(centre), n, n))
    unit = np.eye(n)
    for i in range(n):
        out[:, i, i] = along(unit[i])
        for j in range(i):
            out[:, i, j] = out[:, j, i] = (along(unit[i] + unit[j]) - out[:, i, i] - out[:, j, j]) / 2
    return out


def _united(regions: Regions) -> Regions:
    """Return regions in rising order, those that overlap as one."""
    out: Regions = []
    for low, high in sorted(regions):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out
