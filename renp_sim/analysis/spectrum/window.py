"""Local fits of a spectrum: a smooth positive level with and without an onset, in windows of settings.

Only locally is a spectrum smooth between its onsets. So each place is tested in a window around it: the
widest in which a level and an onset describe the counts.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.special import chdtrc

from renp_sim.analysis.intervals import Interval, regions_below
from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.onset import ROUNDINGS, Onset, onset_shapes
from renp_sim.analysis.spectrum.positive_fit import PositiveFit, fit_positive
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

__all__ = ["Windows"]


PLACES_PER_STEP = 2
"""Tested places from one setting to the next (`test_planted_onsets_are_found`)."""

FINER = 16
"""Positions between two tested places, where an onset is placed
(`test_places_half_a_step_off_describe_nothing`)."""

REACH = 3
"""Settings by which an onset may be moved, and that its interval may hold on either side
(`test_an_interval_under_a_broad_line_has_both_ends`)."""

LEAST_P = 0.01
"""A window whose −2 ln L is less probable than this is not described by its level and its onsets
(`test_smooth_spectra_have_no_onset`)."""

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
            described = self._is_described(rows, others, fit)
            half_windows[left[described]] = half_window
            # what a narrower window will tell needs no level
            told = described | (half_window == self.half_windows[-1])
            delta_q[left[told]] = np.maximum(self._level_q(rows[told], others) - fit.q[told], 0.0)
        return delta_q, half_windows

    def level_q(self, places: FloatArray, half_window: int) -> FloatArray:
        """Return −2 ln L of the best level without any onset in the window of each place."""
        return self._level_q(self._rows(places, half_window), np.empty(0))

    def moved(self, place: float, others: FloatArray) -> float:
        """Return the best place near one, in the widest window that is described, or the narrowest."""
        for half_window in self.half_windows:
            local = self._local(place, others, half_window)
            if local.is_described:
                break
        return local.best

    def onset(self, place: float, others: FloatArray) -> Onset:
        """Return the onset near a place, with its intervals; its Δq is 0 if no window is described.

        Δq is that of the widest window that is described. Level and shape are close to the truth, and no
        more, so a wide window may put a strong onset at a wrong place: the place and its intervals are of
        the widest window whose place lies in the intervals of all narrower ones (Lepski's choice).
        """
        every = [self._local(place, others, half_window) for half_window in self.half_windows]
        described = [local for local in every if local.is_described]
        local = described[0] if described else every[-1]
        placed, *wider = reversed(described or [local])
        intervals = [self._intervals(placed, others)]
        for one in wider:
            if not all(any(part.lower <= one.best <= part.upper for part in known) for known in intervals):
                break
            placed = one
            intervals.append(self._intervals(one, others))
        rows, best = local.rows, np.array([placed.best])
        (spacing,) = self.spacing_eV(best)
        shapes = onset_shapes(spacing, np.array(0.0), spacing, self.roundings)
        fit = self._fit(placed.rows, others, best)
        # onsets that a smooth level of as many parameters replaces all together are none
        omega = self.spectrum.omega_eV[rows[0]]
        onsets = 1 + np.sum((others > omega[0]) & (others < omega[-1]))
        smooth = self._fit(rows, np.empty(0), None, SMOOTHER * int(onsets)).q
        rival = np.minimum(self._level_q(rows, others), smooth)[0]
        return Onset(
            position_eV=placed.best,
            intervals=intervals[-1],
            size=float(fit.coefficients[0, -shapes.size :] @ shapes / np.sqrt(spacing)),
            delta_q=max(float(rival - np.min(local.q)), 0.0) if local.is_described else 0.0,
        )

    def _intervals(self, local: "_Local", others: FloatArray) -> tuple[Interval, ...]:
        least = np.min(local.q)

        def above(at: FloatArray) -> FloatArray:
            return self._fit(np.repeat(local.rows, len(at), axis=0), others, at).q - least

        return regions_below(above, 1.0, local.points, local.q - least, fine=False)

    def _local(self, place: float, others: FloatArray, half_window: int) -> "_Local":
        """Return the fits of an onset near a place in a window, at points that crowd where it is best."""
        near, rows = self._near(place), self._rows(np.array([place]), half_window)
        coarse = self._fit(np.repeat(rows, len(near), axis=0), others, near).q
        i = int(np.argmin(coarse))
        # where counts are many half a setting beside its place an onset describes nothing
        low, high = near[max(i - 1, 0)], near[min(i + 1, len(near) - 1)]
        points = np.union1d(near, np.linspace(low, high, 2 * FINER + 1))
        q = self._fit(np.repeat(rows, len(points), axis=0), others, points).q
        best = np.array([points[np.argmin(q)]])
        (is_described,) = self._is_described(rows, others, self._fit(rows, others, best))
        return _Local(rows=rows, points=points, q=q, best=float(best[0]), is_described=bool(is_described))

    def _level_q(self, rows: IndexArray, others: FloatArray) -> FloatArray:
        """Return −2 ln L of the best level without an onset."""
        # places between the same settings have the same window
        _, first, same = np.unique(rows[:, 0], return_index=True, return_inverse=True)
        level = np.minimum(*(self._fit(rows[first], others, None, more).q for more in (0, SMOOTHER)))
        return np.asarray(level[same])

    def _near(self, place: float) -> FloatArray:
        places = self.places()
        i = int(np.searchsorted(places, place))
        return places[max(i - REACH * PLACES_PER_STEP, 0) : i + REACH * PLACES_PER_STEP + 1]

    def _is_described(self, rows: IndexArray, others: FloatArray, fit: PositiveFit) -> BoolArray:
        omega = self.spectrum.omega_eV[rows]
        inside = (others > omega[:, :1]) & (others < omega[:, -1:])
        # places of the onsets, and whatever coefficient is in use
        free = 1 + np.sum(inside, axis=1) + fit.in_use
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Local:
    """Fits of one onset at points near a place.

    Parameters
    ----------
    rows
        Settings of the window, shape (1, k).
    points, q
        Where it was placed, rising, and −2 ln L there, shape (g,).
    best
        The lowest of these.
    is_described
        Whether level and onsets describe the window.
    """

    rows: IndexArray
    points: FloatArray
    q: FloatArray
    best: float
    is_described: bool
