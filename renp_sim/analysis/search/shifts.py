"""Where a scan looks for constrained parameters that move thresholds."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.model import Constraint

__all__ = ["SHIFT_SIGMAS", "shifting_of", "shifts_of"]

SHIFT_SIGMAS = np.linspace(-3.0, 3.0, 7)
"""Where a scan looks for a constrained parameter that moves thresholds: the straight line of a parameter over
one finds minima that are none (`test_toys_with_an_offset_have_the_minima_of_the_profile`)."""


def shifting_of(setup: "Setup", name: str, points: FloatArray) -> tuple[str, ...]:
    """Return the constrained parameters that move thresholds somewhere along the points of a searched one."""
    theta = np.tile(setup.theta, (len(points), 1))
    theta[:, setup.index(name)] = points
    found = []
    for other, constraint in zip(setup.names, setup.constraints, strict=True):
        if constraint is None or other == name or other in setup.linear:
            continue
        low, high = _reached(setup, other, constraint, SHIFT_SIGMAS[[0, -1]]).tolist()
        if np.any(np.isfinite(setup.model.kinks(other, theta, low, high))):
            found.append(other)
    return tuple(found)


def _reached(setup: "Setup", name: str, constraint: "Constraint", sigmas: FloatArray) -> FloatArray:
    """Return the values of a constrained parameter at some standard deviations from where it stands."""
    centre = float(setup.theta[setup.index(name)])
    values = constraint.randomised(centre, sigmas)
    return np.asarray(np.clip(values, *setup.limits(name)))


def shifts_of(setup: "Setup", names: tuple[str, ...], room: int) -> dict[str, FloatArray]:
    """Return scan points of a parameter that moves thresholds; where several do, all rest."""
    sigmas = SHIFT_SIGMAS if room >= len(SHIFT_SIGMAS) else SHIFT_SIGMAS[::2]
    if len(names) != 1 or room < len(sigmas):
        return {}
    (name,) = names
    constraint = setup.constraints[setup.names.index(name)]
    assert constraint is not None
    return {name: np.unique(_reached(setup, name, constraint, sigmas))}
