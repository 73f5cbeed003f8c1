"""Where a laser line is cut into panels, for each pair, so that in each of them the rate is smooth.

The Gaussian is the body of the line, even in t = sqrt(q² − s₊). What is much narrower than the line has
panels of its own, even in w, t = anchor + scale · sinh w: a threshold with light masses (t = 0, their scale),
and the pole of a mediator that the pair can put on shell (sqrt(M² − s₊ + iMΓ) = a + ib; anchor a, scale b,
and q² − M² = MΓ sinh w + b² cosh² w to the last digit). A pole with M² < s₊ is no pole, but a scale at t = 0.
"""

from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import DomainError
from renp_sim.physics.couplings import per_pair
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.panels import Lines, Panel
from renp_sim.physics.propagator import Pole, distance_eV2, excess_at_pole_eV2, refuse_unresolved
from renp_sim.physics.rates import Emission

__all__ = ["LINE_REACH", "PANELS_REACH", "line_panels"]

LINE_REACH = 8.0
"""The line ends at ±8σ: what is beyond is 1e-15 of it."""

FEATURE_REACH = 14.0
"""Line widths from which on a threshold or a pole is not seen any more: the Gaussian is 1e-43 there, so not
even a resonance with Γ = 1e-30 eV shines through (test_switch_at_ten_widths_would_jump)."""

PANELS_REACH = 17.0
"""Line widths that no panel leaves: 8 beyond a threshold that is 14 off are 16."""

POLE_ERROR_REACH = 10.0
"""Line widths within which a pole without a width is an error (test_unresolved_poles_are_errors…)."""

NO_WIDTH = 1e-100
"""MΓ, eV², below which |D|² would overflow: as good as no width (test_widths_beyond_the_floats_are_none)."""

RESOLVED = 4.0
"""MΓ over the σ of the line in q² from which on the body resolves a resonance itself (test_random_line)."""

FINE = 0.05
"""Scale at a threshold, in units of the panel, below which it has a panel of its own: 1e-12 are left of 5e-6
(test_light_masses_need_points_at_their_threshold)."""

FINEST = 1e-3
"""A mass scale below this fraction of the next scale counts by its square only: it is taken as this large."""


def line_panels(
    omega_eV: FloatArray,
    sigma_eV: FloatArray,
    emission: Emission,
    between_eV: tuple[float, float] | None = None,
) -> Lines:
    """Cut lines centred at ω (shape (..., n)) with σ > 0 (shape (n,)), or what lies between two frequencies.

    Raises
    ------
    DomainError
        If a line reaches out of 0 < ω < E_eg.
    NumericsError
        If a pair reaches a pole within 10 line widths that has no width.
    """
    e_eg_eV, neutrinos = emission.target.atom.e_eg_eV, emission.neutrinos
    if np.any(omega_eV <= LINE_REACH * sigma_eV) or np.any(omega_eV + LINE_REACH * sigma_eV >= e_eg_eV):
        raise DomainError(
            f"linewidth_eV up to {np.max(sigma_eV)}: ω ± {LINE_REACH:g}σ must lie in "
            f"0 < ω < E_eg = {e_eg_eV} eV"
        )
    centre = Kinematics.at(omega_eV, neutrinos, e_eg_eV=e_eg_eV)
    s = 2 * e_eg_eV * sigma_eV[:, None, None]
    poles = emission.interaction.poles(neutrinos)
    if not poles:
        view = _View.of_threshold(centre)
    elif len(poles) == 1:
        view = _View.of_pole(centre, s, poles[0], emission.interaction.name)
    else:
        raise DomainError(
            f"{emission.interaction.name}: a laser line resolves one mediator, not {len(poles)}"
        )
    panels = _panels(view, s)
    if between_eV is not None:
        # q² falls as ω rises; an end beyond the line is as good as one at its panels' reach
        offsets = (2 * e_eg_eV * (omega_eV[..., None, None] - end) for end in reversed(between_eV))
        reach = PANELS_REACH * s
        low, high = (view.step_to(view.centre_eV2 + np.clip(offset, -reach, reach)) for offset in offsets)
        shifts = (view.anchor_eV - panel.anchor_eV for panel in panels)
        panels = tuple(p.clipped(low + shift, high + shift) for p, shift in zip(panels, shifts, strict=True))
    return Lines(
        emission=emission,
        sigma_eV2=s,
        centre_eV2=view.centre_eV2,
        at_pole=view.at_pole,
        pole_excess_eV2=view.pole_excess_eV2,
        panels=panels,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """What there is along t: the reference, at t² = anchor² − base, and the scales at t = 0."""

    excess_eV2: FloatArray
    """q² − s₊ at the centre of the line."""
    centre_eV2: FloatArray
    anchor_eV: FloatArray
    base_eV2: FloatArray
    masses_eV: FloatArray
    """Scale of the masses at the threshold, ∞ without any."""
    below_eV: FloatArray
    """Scale of a pole below the threshold, ∞ without one."""
    at_pole: BoolArray
    pole_excess_eV2: FloatArray | None = None

    @classmethod
    def of_threshold(cls, centre: Kinematics) -> "_View":
        excess = centre.signed_excess_eV2
        masses = np.where(
            centre.mass_product_eV2 > 0, 2 * np.sqrt(centre.mass_product_eV2), centre.mass_sum_eV
        )
        return cls(
            excess_eV2=excess,
            centre_eV2=np.zeros_like(excess),
            anchor_eV=np.sqrt(centre.excess_eV2),
            base_eV2=np.maximum(-excess, 0.0),
            masses_eV=np.where(masses > 0, masses, np.inf),
            below_eV=np.full_like(excess, np.inf),
            at_pole=np.zeros(excess.shape, dtype=np.bool_),
        )

    @classmethod
    def of_pole(cls, centre: Kinematics, s: FloatArray, pole: Pole, name: str) -> "_View":
        plain = cls.of_threshold(centre)
        mass, width = (centre.over_frequencies(per_pair(x)) for x in (pole.mass_eV, pole.width_eV))
        couples = centre.over_frequencies(pole.couples)
        g = mass * width
        distance = distance_eV2(centre.omega_eV, centre.e_eg_eV, mass)
        above = excess_at_pole_eV2(centre, mass)
        lost = (g < NO_WIDTH) & couples & (above >= 0) & (np.abs(distance) < POLE_ERROR_REACH * s)
        refuse_unresolved(lost, centre.omega_eV, mass, width, name)
        root = np.sqrt(above + 1j * g)
        near = (np.abs(distance) < FEATURE_REACH * s) & (g < RESOLVED * s) & (g >= NO_WIDTH)
        at_pole = near & couples & (above > 0)
        return cls(
            excess_eV2=np.where(at_pole, above + distance, plain.excess_eV2),
            centre_eV2=np.where(at_pole, distance, 0.0),
            anchor_eV=np.where(at_pole, root.real, plain.anchor_eV),
            base_eV2=np.where(at_pole, root.imag**2, plain.base_eV2),
            masses_eV=plain.masses_eV,
            below_eV=np.where(couples & (above <= 0), np.abs(root), np.inf),
            at_pole=at_pole,
            pole_excess_eV2=above,
        )

    def step_to(self, offset_eV2: FloatArray) -> FloatArray:
        """Return t − anchor where q² has an offset from the reference; closed ends lie on the threshold."""
        a = self.anchor_eV
        rise = np.maximum(offset_eV2 - self.base_eV2, -(a**2))
        sums = a + np.sqrt(np.maximum(a**2 + rise, 0.0))
        return np.divide(rise, sums, out=np.zeros_like(sums), where=sums > 0)

    def panel(self, low_eV: FloatArray, high_eV: FloatArray, scale_eV: FloatArray | None = None) -> Panel:
        """Return a panel with its ends in t − anchor; one with the wrong order of them is empty."""
        return Panel(
            anchor_eV=self.anchor_eV,
            base_eV2=self.base_eV2,
            low_eV=low_eV,
            high_eV=np.maximum(low_eV, high_eV),
            scale_eV=scale_eV,
        )

    def panel_at_threshold(self, high_eV: FloatArray, scale_eV: FloatArray) -> Panel:
        """Return the panel from t = 0."""
        zero = np.zeros_like(high_eV)
        return Panel(
            anchor_eV=zero,
            base_eV2=self.base_eV2 - self.anchor_eV**2,
            low_eV=zero,
            high_eV=high_eV,
            scale_eV=scale_eV,
        )


def _panels(view: _View, s: FloatArray) -> tuple[Panel, ...]:
    """Return the panels of lines of width s in q²; those that every pair leaves empty are left out."""
    a, centre = view.anchor_eV, view.excess_eV2
    is_open = centre > -FEATURE_REACH * s
    low = view.step_to(view.centre_eV2 - LINE_REACH * s)
    # beyond a threshold in the tail of the line the Gaussian falls by as much again
    reach = np.hypot(np.minimum(centre, 0.0), LINE_REACH * s)
    high = np.where(is_open, view.step_to(view.centre_eV2 + reach), low)
    panels, end = [], high
    if np.any(view.at_pole):
        # one line width around the pole, and less where the threshold is nearer
        scale = np.where(view.at_pole, np.sqrt(view.base_eV2), 1.0)
        before = np.where(view.at_pole, np.maximum(view.step_to(view.base_eV2 - s), -a / 2), 0.0)
        after = np.where(view.at_pole, view.step_to(view.base_eV2 + s), 0.0)
        beyond = np.where(view.at_pole, np.maximum(after, low), high)
        panels += [
            view.panel(before, 0 * a, scale),
            view.panel(0 * a, after, scale),
            view.panel(beyond, high),
        ]
        end = np.where(view.at_pole, np.minimum(before, high), high)
    smallest = np.minimum(view.masses_eV, view.below_eV)
    fine = is_open & (centre < FEATURE_REACH * s) & (smallest < FINE * (a + end))
    if np.any(fine):
        top = np.where(fine, np.minimum(np.sqrt(s), a + end), 0.0)
        scale = np.maximum(smallest, FINEST * np.minimum(top, view.below_eV))
        panels.append(view.panel_at_threshold(top, np.where(fine, scale, 1.0)))
        low = np.where(fine, np.maximum(low, top - a), low)
    return (view.panel(low, end), *panels)
