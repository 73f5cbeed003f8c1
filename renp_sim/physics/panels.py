"""Panels: stretches of a laser line as a pair sees it, and the points in them.

The coordinate of a pair is t = sqrt(q² − s₊), in which its onset is smooth. A panel is even in t, or in w
with t = anchor + scale · sinh w, which follows a structure of that scale at the anchor however small it is.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.rates import Emission

__all__ = ["LinePoints", "Lines", "Panel"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A stretch of t; arrays of shape (..., n, 3, 3).

    Parameters
    ----------
    anchor_eV
        A value of t.
    base_eV2
        q² at the anchor, from the reference of the lines.
    low_eV, high_eV
        Ends in t − anchor; an empty panel has none between them.
    scale_eV
        t − anchor = scale · sinh w; None: even in t.
    """

    anchor_eV: FloatArray
    base_eV2: FloatArray
    low_eV: FloatArray
    high_eV: FloatArray
    scale_eV: FloatArray | None = None

    def clipped(self, low_eV: FloatArray, high_eV: FloatArray) -> Self:
        """Return what lies between two values of t − anchor."""
        low, high = (np.clip(end, low_eV, high_eV) for end in (self.low_eV, self.high_eV))
        return replace(self, low_eV=low, high_eV=high)

    def at(self, place: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return t − anchor at places in [−1, 1], shape (places, 1, …), and its derivative by the place."""
        if self.scale_eV is None:
            half = (self.high_eV - self.low_eV) / 2
            step = self.low_eV + half * (place + 1)
            return step, np.broadcast_to(half, step.shape)
        low, high = (np.arcsinh(end / self.scale_eV) for end in (self.low_eV, self.high_eV))
        half = (high - low) / 2
        w = low + half * (place + 1)
        return self.scale_eV * np.sinh(w), self.scale_eV * np.cosh(w) * half


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinePoints:
    """Points inside lines, each pair with its own; arrays of shape (places, ..., n, 3, 3).

    Parameters
    ----------
    root_eV
        t = sqrt(q² − s₊).
    slope_eV
        dt/dplace.
    density
        Gaussian · |dω/dt|, eV⁻¹: ∫ density · slope · f over the places of all panels is the average of f.
    kinematics
        What the interaction is asked for.
    """

    root_eV: FloatArray
    slope_eV: FloatArray
    density: FloatArray
    kinematics: Kinematics


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Laser lines as pairs see them; arrays broadcast to (..., n, 3, 3).

    Parameters
    ----------
    emission
        Target, neutrinos and interaction.
    sigma_eV2
        s = 2 E_eg σ, the line's Gaussian σ in q², shape (n, 1, 1).
    centre_eV2
        q² at the centre of the line, from the reference of the pair: the pole that it has panels for, or the
        centre itself.
    at_pole
        Whether the reference is the pole.
    pole_excess_eV2
        M² − s₊; None if no mediator is there.
    panels
        What they are cut into (`renp_sim.physics.line_cuts`).
    """

    emission: Emission
    sigma_eV2: FloatArray
    centre_eV2: FloatArray
    at_pole: BoolArray
    pole_excess_eV2: FloatArray | None
    panels: tuple[Panel, ...]

    def at(self, panel: Panel, place: FloatArray) -> LinePoints:
        """Return the points of a panel at places in [−1, 1], shape (places,)."""
        step, slope = panel.at(place.reshape(-1, *(1,) * panel.low_eV.ndim))
        root = panel.anchor_eV + step
        offset = step * (2 * panel.anchor_eV + step) + panel.base_eV2
        excess = root**2
        xi = (self.centre_eV2 - offset) / self.sigma_eV2
        gauss = np.exp(-(xi**2) / 2) / (np.sqrt(2 * np.pi) * self.sigma_eV2)
        pole_offset = None
        if self.pole_excess_eV2 is not None:
            pole_offset = np.where(self.at_pole, offset, excess - self.pole_excess_eV2)
        target = self.emission.target
        kinematics = Kinematics.at_excess(
            excess,
            self.emission.neutrinos,
            e_eg_eV=target.atom.e_eg_eV,
            f_l=target.f_l,
            pole_offset_eV2=pole_offset,
        )
        return LinePoints(root_eV=root, slope_eV=slope, density=gauss * 2 * root, kinematics=kinematics)
