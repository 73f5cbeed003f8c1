"""Local fits of a spectrum: a smooth positive level with and without an onset, in windows of settings.

Only locally is a spectrum smooth between its onsets. So each place is tested in a window around it: the
widest in which a level and an onset describe the counts.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.special import chdtrc

from renp_sim.analysis.intervals import regions_below
from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.onset import ROUNDINGS, Onset, onset_shapes
from renp_sim.analysis.spectrum.positive_fit import PositiveFit, fit_positive
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

__all__ = ["Windows"]


PLACES_PER_STEP = 2
"""Tested places between neighbouring settings."""

FINER = 16
"""Positions between two tested places, where an onset is placed."""

REACH = 3
"""Settings by which an onset may be moved, and that its interval may hold."""

LEAST_P = 0.01
"""A window whose −2 ln L is less probable than this is not described by its level and its onsets."""

SMOOTHER = 2
"""A level without an onset has as many more coefficients as an onset has parameters, place and size: what a
smoother level describes as well is no onset (test_onsets.py finds some in a steep power without)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Local fits.

    Parameters
    ----------
    spectrum
        What was measured, ω in rising order.
    half_windows
        Settings on either side of a place, the widest window first.
    degree
        Of the polynomial level (Bernstein coefficients ≥ 0, so that it is positive).
    """

    spectrum: Spectrum
    half_windows: tuple[int, ...]
    degree: int
    roundings: tuple[float, ...] = ROUNDINGS

    def places(self) -> FloatArray:
        """Return the places to test, at and between settings; none where a level takes every setting."""
        omega = np.unique(self.spectrum.omega_eV)
        if len(omega) < 2 * self.degree + 4:
            return np.empty(0)
        inner = omega[1:-1]
        part = np.arange(PLACES_PER_STEP) / PLACES_PER_STEP
        return np.append((inner[:-1, None] + np.diff(inner)[:, None] * part).ravel(), inner[-1])

    def spacing_eV(self, places: FloatArray) -> FloatArray:
        """Return the distance of the settings around each place, eV."""
        omega = np.unique(self.spectrum.omega_eV)
        return np.diff(omega)[np.clip(np.searchsorted(omega, places, side="right") - 1, 0, len(omega) - 2)]

    def test(self, places: FloatArray, others: FloatArray) -> tuple[FloatArray, IndexArray]:
        """Return Δ(−2 ln L) of an onset at each place, others in both hypotheses, and its half window.

        Where no window is described, it is that of the narrowest, and the half window is 0.
        """
        delta_q, half_windows = np.zeros(len(places)), np.zeros(len(places), dtype=np.intp)
        for half_window in self.half_windows:
            left = np.flatnonzero(half_windows == 0)
            if not len(left):
                break
            rows = self._rows(places[left], half_window)
            fit = self._fit(rows, others, places[left])
            delta_q[left] = np.maximum(self._level_q(rows, others) - fit.q, 0.0)
            half_windows[left[self._is_described(rows, others, fit)]] = half_window
        return delta_q, half_windows

    def level_q(self, places: FloatArray, half_window: int) -> FloatArray:
        """Return −2 ln L of the best level without any onset in the window of each place."""
        return self._level_q(self._rows(places, half_window), np.empty(0))

    def moved(self, place: float, others: FloatArray) -> float:
        """Return the best tested place near one."""
        near = self._near(place)
        rows = self._rows(np.array([place]), self._half_window(place, others) or self.half_windows[-1])
        return float(near[np.argmin(self._fit(np.repeat(rows, len(near), axis=0), others, near).q)])

    def onset(self, place: float, others: FloatArray) -> Onset:
        """Return the onset near a place, with its intervals; its Δq is 0 if no window is described."""
        half_window = self._half_window(place, others)
        rows = self._rows(np.array([place]), half_window or self.half_windows[-1])

        def curve(at: FloatArray) -> FloatArray:
            return self._fit(np.repeat(rows, len(at), axis=0), others, at).q

        points = self._near(place)
        i = int(np.searchsorted(points, place))
        low, high = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        points = np.union1d(points, np.linspace(low, high, 2 * FINER + 1))
        q = curve(points)
        best, least = points[np.argmin(q)], np.min(q)
        (spacing,) = self.spacing_eV(np.array([best]))
        shapes = onset_shapes(spacing, np.array(0.0), spacing, self.roundings)
        fit = self._fit(rows, others, np.array([best]))
        # onsets that a smooth level of as many parameters replaces all together are none
        omega = self.spectrum.omega_eV[rows[0]]
        onsets = 1 + np.sum((others > omega[0]) & (others < omega[-1]))
        smooth = self._fit(rows, np.empty(0), None, SMOOTHER * int(onsets)).q
        rival = np.minimum(self._level_q(rows, others), smooth)[0]
        return Onset(
            position_eV=float(best),
            intervals=regions_below(lambda at: curve(at) - least, 1.0, points, q - least, fine=False),
            size=float(fit.coefficients[0, -shapes.size :] @ shapes / np.sqrt(spacing)),
            delta_q=max(float(rival - least), 0.0) if half_window else 0.0,
        )

    def _half_window(self, place: float, others: FloatArray) -> int:
        _, (half_window,) = self.test(np.array([place]), others)
        return int(half_window)

    def _level_q(self, rows: IndexArray, others: FloatArray) -> FloatArray:
        """Return −2 ln L of the best level without an onset."""
        return np.minimum(*(self._fit(rows, others, None, more).q for more in (0, SMOOTHER)))

    def _near(self, place: float) -> FloatArray:
        places = self.places()
        i = int(np.searchsorted(places, place))
        return places[max(i - REACH * PLACES_PER_STEP, 0) : i + REACH * PLACES_PER_STEP + 1]

    def _is_described(self, rows: IndexArray, others: FloatArray, fit: PositiveFit) -> BoolArray:
        omega = self.spectrum.omega_eV[rows]
        inside = (others > omega[:, :1]) & (others < omega[:, -1:])
        # places of the onsets, and whatever coefficient is in use
        free = 1 + np.sum(inside, axis=1) + np.sum(fit.coefficients > 0, axis=1)
        dof = np.maximum(rows.shape[1] - free, 0)
        described: BoolArray = (dof > 0) & (chdtrc(np.maximum(dof, 1), np.maximum(fit.q, 0.0)) > LEAST_P)
        return described

    def _rows(self, places: FloatArray, half_window: int) -> IndexArray:
        """Return the settings of each window, shape (g, k): as many below as above, but at the ends."""
        n = len(self.spectrum.omega_eV)
        k = min(2 * half_window, n)
        first = np.searchsorted(self.spectrum.omega_eV, places, side="right") - half_window
        return np.clip(first, 0, n - k)[:, None] + np.arange(k)

    def _fit(
        self, rows: IndexArray, others: FloatArray, places: FloatArray | None, more: int = 0
    ) -> PositiveFit:
        """Fit level, other onsets and one at each place; the level is of so much higher degree."""
        s, degree = self.spectrum, min(self.degree + more, rows.shape[1] - 2)
        omega, sigma = s.omega_eV[rows], s.linewidth_eV[rows]
        u = (omega - omega[:, :1]) / (omega[:, -1:] - omega[:, :1])
        level = [comb(degree, j) * u**j * (1 - u) ** (degree - j) for j in range(degree + 1)]
        shapes = [np.stack(level, axis=2)]
        for other, spacing in zip(others, self.spacing_eV(others), strict=True):
            shapes.append(onset_shapes(other - omega, sigma, spacing, self.roundings))
        if places is not None:
            spacing = self.spacing_eV(places)[:, None]
            shapes.append(onset_shapes(places[:, None] - omega, sigma, spacing, self.roundings))
        design = np.concatenate(shapes, axis=2) * s.counts_per_unit[rows][:, :, None]
        return fit_positive(design, s.counts[rows], s.background[rows])
