"""A search for thresholds in a measured spectrum that knows no neutrino physics.

Around every place in turn, the spectrum of the nearest settings is a smooth positive level, and an onset
size · sqrt(ω_t − ω) below ω_t is put to the test. Only near its onset is a threshold a square root, and only
locally is the rest smooth: so each test looks at a window of settings and not at the whole scan.
"""

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, pbdv
from scipy.stats import chi2

from renp_sim.analysis.data import Observation
from renp_sim.analysis.intervals import Interval
from renp_sim.analysis.spectrum.measured import Spectrum, measured_spectrum
from renp_sim.analysis.spectrum.positive_fit import PositiveFit, fit_positive
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA

__all__ = ["Onset", "ThresholdSearch", "onset_shape", "search_thresholds"]


PLACES_PER_STEP = 6
"""Tested places between neighbouring settings; the same again for a position."""

ASYMPTOTIC = 12.0
"""Line widths from which the average of the square root is its series to 1e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """An onset that was found.

    Parameters
    ----------
    position_eV
        ω_t, eV.
    intervals
        Where −2 ln L is within 1 of its minimum in the onset's window: 68.27 % if the counts are large.
    size
        Coefficient of sqrt(ω_t − ω) in Î, eV^(−1/2).
    delta_q
        −2 ln L without it less that with it, in its window, all other onsets kept.
    """

    position_eV: float
    intervals: tuple[Interval, ...]
    size: float
    delta_q: float

    @property
    def local_p_value(self) -> float:
        """Asymptotic probability of such a Δ(−2 ln L) at this one place, without an onset: ½ P(χ²₁ > Δq).

        Local: the place was chosen by the data among many, and this does not count them. Toys do.
        """
        return float(chi2.sf(self.delta_q, 1)) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThresholdSearch:
    """What was found, and the scan that found it.

    Parameters
    ----------
    onsets
        In rising order of position.
    omega_eV
        Tested places, shape (g,).
    delta_q
        Δ(−2 ln L) of one onset at that place and no other, shape (g,).
    delta_q_rest
        The same with all found onsets in both hypotheses: what is left, shape (g,).
    minimum_delta_q
        From where an onset was taken as found.
    """

    onsets: tuple[Onset, ...]
    omega_eV: FloatArray
    delta_q: FloatArray
    delta_q_rest: FloatArray
    minimum_delta_q: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers by name, for JSON; the significance is called local and asymptotic."""
        return {
            "onsets": [
                {
                    "position_eV": onset.position_eV,
                    "intervals_eV": [[region.lower, region.upper] for region in onset.intervals],
                    "interval_level": ONE_SIGMA,
                    "size_per_sqrt_eV": onset.size,
                    "delta_q": onset.delta_q,
                    "local_asymptotic_p_value": onset.local_p_value,
                }
                for onset in self.onsets
            ],
            "omega_eV": self.omega_eV.tolist(),
            "delta_q": self.delta_q.tolist(),
            "delta_q_rest": self.delta_q_rest.tolist(),
            "minimum_delta_q": self.minimum_delta_q,
        }


def onset_shape(below_eV: FloatArray, sigma_eV: FloatArray) -> FloatArray:
    """Return sqrt(max(0, ω_t − ω)) averaged over a Gaussian line, for ω_t − ω and σ, eV^(1/2).

    ⟨sqrt(max(0, x + σξ))⟩ = sqrt(σ) Γ(3/2)/sqrt(2π) e^{−z²/4} D_{−3/2}(−z) with z = x/σ and D the parabolic
    cylinder function.

    Examples
    --------
    >>> onset_shape(np.array([4.0, -1.0]), np.zeros(2)).tolist()
    [2.0, 0.0]
    >>> float(onset_shape(np.array(0.0), np.array(1.0)).round(6))  # Γ(3/4) 2^(1/4) / sqrt(π) / 2
    0.411089
    """
    below, sigma = np.broadcast_arrays(below_eV, sigma_eV)
    sharp: FloatArray = np.sqrt(np.maximum(below, 0.0))
    z = np.where(sigma > 0, below / np.where(sigma > 0, sigma, 1.0), np.copysign(np.inf, below))
    is_near = np.abs(z) < ASYMPTOTIC
    near = np.where(is_near, z, 0.0)
    average = gamma(1.5) / np.sqrt(2 * np.pi) * np.exp(-(near**2) / 4) * pbdv(-1.5, -near)[0]
    # above the onset the tail of the line is below 1e-30 here, and below it the series is the square root
    far = np.where(is_near, ASYMPTOTIC, z) ** -2.0
    return np.where(is_near, np.sqrt(sigma) * average, sharp * (1 - far / 8 - 15 * far**2 / 128))


def search_thresholds(
    observation: Observation,
    *,
    half_window: int = 8,
    degree: int = 2,
    minimum_delta_q: float = 12.0,
    max_onsets: int = 10,
) -> ThresholdSearch:
    """Find onsets one after the other, the most significant first, until none is left.

    Parameters
    ----------
    observation
        Counts of shape (n,); steps without signal (control, dark) are not used, the background is taken as
        known.
    half_window
        Distinct frequencies on either side of a place that its test looks at.
    degree
        Of the polynomial level (Bernstein coefficients ≥ 0, so that it is positive).
    minimum_delta_q
        Δ(−2 ln L) from which an onset is taken as found: a threshold of this search, not of a discovery.
    max_onsets
        Where to stop in any case.

    Raises
    ------
    ValueError
        If half_window does not exceed the degree, or either is out of range.
    """
    if not 0 <= degree < half_window - 1:
        raise ValueError(
            f"half_window = {half_window}, degree = {degree}: 0 ≤ degree < half_window − 1 is needed"
        )
    windows = _Windows(measured_spectrum(observation), half_window, degree)
    places = windows.places()
    first = rest = windows.delta_q(places, np.empty(0))
    found = np.empty(0)
    while len(found) < max_onsets and np.max(rest, initial=0.0) >= minimum_delta_q:
        found = np.append(found, places[np.argmax(rest)])
        # a new neighbour moves the others
        for i in list(range(len(found)))[::-1]:
            found[i] = windows.best_place(found[i], np.delete(found, i))
        rest = windows.delta_q(places, found)
    onsets = [windows.onset(position, np.delete(found, i)) for i, position in enumerate(found)]
    return ThresholdSearch(
        onsets=tuple(sorted(onsets, key=lambda onset: onset.position_eV)),
        omega_eV=places,
        delta_q=first,
        delta_q_rest=rest,
        minimum_delta_q=minimum_delta_q,
    )


@dataclass(frozen=True, slots=True)
class _Windows:
    """Local fits of a spectrum."""

    spectrum: Spectrum
    half_window: int
    degree: int

    def places(self) -> FloatArray:
        """Return the places to test, at and between settings; none where a level takes every setting."""
        omega = np.unique(self.spectrum.omega_eV)
        if len(omega) < 2 * self.degree + 4:
            return np.empty(0)
        inner = omega[1:-1]
        part = np.arange(PLACES_PER_STEP) / PLACES_PER_STEP
        return np.append((inner[:-1, None] + np.diff(inner)[:, None] * part).ravel(), inner[-1])

    def delta_q(self, places: FloatArray, others: FloatArray) -> FloatArray:
        """Return Δ(−2 ln L) of an onset at each place in its own window, others in both hypotheses."""
        if not len(places):
            return np.empty(0)
        rows = self._rows(places)
        base = self._fit(rows, others, None).q
        return np.maximum(base - self._fit(rows, others, places).q, 0.0)

    def best_place(self, near: float, others: FloatArray) -> float:
        """Return the best position in the window around a place."""
        positions, q = self._profile(near, others)
        return float(positions[np.argmin(q)])

    def onset(self, position: float, others: FloatArray) -> Onset:
        """Return a found onset with its intervals."""
        positions, q = self._profile(position, others)
        best = positions[[np.argmin(q)]]
        rows = self._rows(np.array([position]))
        base, fit = self._fit(rows, others, None), self._fit(rows, others, best)
        return Onset(
            position_eV=float(best[0]),
            intervals=_regions_below(positions, q - np.min(q) - 1.0),
            size=float(fit.coefficients[0, -1]),
            delta_q=float(max(base.q[0] - fit.q[0], 0.0)),
        )

    def _profile(self, near: float, others: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return positions around a place and −2 ln L of an onset there, all in one window."""
        rows = self._rows(np.array([near]))
        omega = self.spectrum.omega_eV[rows[0]]
        inside = self.places()
        positions = inside[(inside > omega[0]) & (inside < omega[-1])]
        q = self._fit(np.repeat(rows, len(positions), axis=0), others, positions).q
        best = int(np.argmin(q))
        low, high = positions[max(best - 1, 0)], positions[min(best + 1, len(positions) - 1)]
        finer = np.linspace(low, high, 4 * PLACES_PER_STEP + 1)
        positions = np.union1d(positions, finer)
        return positions, self._fit(np.repeat(rows, len(positions), axis=0), others, positions).q

    def _rows(self, places: FloatArray) -> NDArray[np.intp]:
        """Return the settings of each window, shape (g, k): as many below as above, but at the ends."""
        n = len(self.spectrum.omega_eV)
        k = min(2 * self.half_window, n)
        first = np.searchsorted(self.spectrum.omega_eV, places, side="right") - self.half_window
        return np.clip(first, 0, n - k)[:, None] + np.arange(k)

    def _fit(self, rows: NDArray[np.intp], others: FloatArray, places: FloatArray | None) -> PositiveFit:
        s = self.spectrum
        omega, sigma = s.omega_eV[rows], s.linewidth_eV[rows]
        u = (omega - omega[:, :1]) / (omega[:, -1:] - omega[:, :1])
        level = [comb(self.degree, j) * u**j * (1 - u) ** (self.degree - j) for j in range(self.degree + 1)]
        shapes = [onset_shape(position - omega, sigma) for position in others]
        if places is not None:
            shapes.append(onset_shape(places[:, None] - omega, sigma))
        design = np.stack([*level, *shapes], axis=2) * s.counts_per_unit[rows][:, :, None]
        return fit_positive(design, s.counts[rows], s.background[rows])


def _regions_below(x: FloatArray, y: FloatArray) -> tuple[Interval, ...]:
    """Return the connected regions where the line through (x, y) is not above 0."""
    inside = y <= 0
    padded = np.concatenate([[False], inside, [False]])
    starts, stops = np.flatnonzero(padded[1:] & ~padded[:-1]), np.flatnonzero(~padded[1:] & padded[:-1]) - 1

    def crossing(i: np.intp, j: np.intp) -> float:
        return float(x[i] + (x[j] - x[i]) * y[i] / (y[i] - y[j]))

    last = len(x) - 1
    return tuple(
        Interval(
            lower=float(x[0]) if i == 0 else crossing(i - 1, i),
            upper=float(x[last]) if j == last else crossing(j, j + 1),
            lower_open=bool(i == 0),
            upper_open=bool(j == last),
        )
        for i, j in zip(starts, stops, strict=True)
    )
