"""One set of counts through iminuit, on the same likelihood and with its gradient."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.mean import ModelMean
from renp_sim.analysis.likelihood.poisson import IMPOSSIBLE_Q, Likelihood
from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from iminuit import Minuit

    from renp_sim.analysis.floating import Setup

__all__ = ["contour_points", "minos_ends", "minuit_of", "polished"]


TOLERANCE = 1e-4
"""Of MIGRAD: it stops within a thousandth of an error of the minimum; at its own 0.1, within a hundredth
(`test_a_polished_fit_is_at_its_minimum`)."""


FAR = 1e6
"""Scales away, an end is none: MINUIT's sine of it would lose the digits of a coupling of 1e-26 that may be 3
(test_the_curve_is_the_fit)."""


def minuit_of(
    setup: "Setup",
    counts: FloatArray,
    x: FloatArray,
    *,
    limits: "dict[int, tuple[float, float]] | None" = None,
    held: tuple[int, ...] = (),
) -> "Minuit":
    """Return MINUIT on −2 ln L in units of each parameter's scale, started at x.

    Parameters
    ----------
    setup
        What floats.
    counts
        Shape (n,).
    x
        Where it starts, shape (f,).
    limits
        Tighter bounds by position, such as the smooth piece between two kinks.
    held
        Positions that stay.
    """
    from iminuit import Minuit

    scale = setup.scale
    likelihood = Likelihood(
        counts=np.asarray(counts, dtype=float)[:, None],
        mean=ModelMean(
            model=setup.model, template=setup.theta, free=setup.free, bent=(), step=scale, linear=False
        ),
        terms=ConstraintTerms.of(setup.constraints),
    )

    def q(z: FloatArray) -> float:
        return min(float(likelihood.value((z * scale)[:, None])[0]), IMPOSSIBLE_Q)

    def gradient(z: FloatArray) -> FloatArray:
        return likelihood.derivatives((z * scale)[:, None])[0][:, 0] * scale

    minuit = Minuit(q, x / scale, grad=gradient, name=setup.names)
    minuit.errordef = Minuit.LEAST_SQUARES  # −2 ln L rises by 1
    minuit.strategy = 1
    for i in range(len(x)):
        ends = np.array((limits or {}).get(i, (setup.lower[i], setup.upper[i]))) / scale[i]
        is_far = np.abs(ends - x[i] / scale[i]) > FAR
        minuit.limits[i] = tuple(np.where(is_far, [-np.inf, np.inf], ends).tolist())
        minuit.fixed[i] = i in held
        minuit.errors[i] = 0.1
    return minuit


def polished(minuit: "Minuit", setup: "Setup") -> tuple[FloatArray, float, int]:
    """Run MIGRAD and return where it ends, shape (f,), −2 ln L there and the evaluations."""
    minuit.tol = TOLERANCE
    minuit.migrad()
    return np.array(minuit.values) * setup.scale, float(minuit.fval), int(minuit.nfcn + minuit.ngrad)


def minos_ends(minuit: "Minuit", setup: "Setup", name: str, level: float) -> tuple[float, float] | None:
    """Return the MINOS interval of a parameter, or None where MINOS fails or meets a bound."""
    minuit.minos(name, cl=level)
    error = minuit.merrors[name]
    if not error.is_valid or error.at_lower_limit or error.at_upper_limit:
        return None
    scale = float(setup.scale[setup.names.index(name)])
    value = float(minuit.values[name])
    return (value + error.lower) * scale, (value + error.upper) * scale


def contour_points(
    minuit: "Minuit", setup: "Setup", names: tuple[str, str], level: float, size: int
) -> FloatArray:
    """Return the contour of two parameters that holds a level, shape (size + 1, 2), by MNCONTOUR.

    It is closed: the first point is the last too. The level is that of both parameters together, so Δq is
    the quantile of χ² with two degrees of freedom.
    """
    points = minuit.mncontour(*names, cl=level, size=size)
    scale = [setup.scale[setup.names.index(name)] for name in names]
    contour: FloatArray = np.asarray(points, dtype=np.float64) * scale
    return contour
