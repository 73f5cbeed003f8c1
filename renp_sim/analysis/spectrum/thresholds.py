"""A search for thresholds in a measured spectrum that knows no neutrino physics.

Around every place in turn, the spectrum of the nearest settings is a smooth positive level, and an onset
below ω_t is put to the test. Onsets are taken one after the other; in the end each must stand with all others
kept, in a window that a level and the onsets describe, against smooth levels of as many parameters.

`python -m benchmarks.onsets` measures how often it finds what is not there, what it finds, and whether its
intervals hold it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from renp_sim.analysis.data import Observation
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.analysis.spectrum.onset import Onset
from renp_sim.analysis.spectrum.window import Windows
from renp_sim.arrays import FloatArray
from renp_sim.constants import ONE_SIGMA

__all__ = ["ThresholdSearch", "search_thresholds"]


FEW_ROUNDINGS = (0.0, 1.0, np.inf)
"""Of the onsets with which places are looked for: all roundings take several times longer, and
fewer miss some (`test_steps_and_roots_are_both_looked_for`)."""


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


def search_thresholds(
    observation: Observation,
    *,
    half_window: int = 16,
    degree: int = 2,
    minimum_delta_q: float = 12.0,
    max_onsets: int = 10,
) -> ThresholdSearch:
    """Find onsets one after the other, the most significant first, and keep what stands beside the others.

    Parameters
    ----------
    observation
        Counts of shape (n,), of one atom; steps without signal (control, dark) are not used, the background
        is taken as known.
    half_window
        Settings on either side of a place that its test looks at, at most: fewer where a level and an onset
        do not describe so many.
    degree
        Of the polynomial level.
    minimum_delta_q
        Δ(−2 ln L) from which an onset is taken as found; at 12, 1 of 200 smooth scans had one.
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
    windows = Windows(
        spectrum=measured_spectrum(observation),
        half_windows=_half_windows(half_window, degree + 2),
        degree=degree,
    )
    places = windows.places()
    coarse = replace(windows, roundings=FEW_ROUNDINGS)
    first, _ = coarse.test(places, np.empty(0))
    found = _candidates(coarse, places, first, minimum_delta_q, max_onsets)
    onsets = [windows.onset(place, np.delete(found, i)) for i, place in enumerate(found)]
    while onsets and (weakest := min(onsets, key=lambda onset: onset.delta_q)).delta_q < minimum_delta_q:
        found = np.delete(found, onsets.index(weakest))
        onsets = [windows.onset(place, np.delete(found, i)) for i, place in enumerate(found)]
    rest = coarse.test(places, found)[0] if onsets else first
    return ThresholdSearch(
        onsets=tuple(sorted(onsets, key=lambda onset: onset.position_eV)),
        omega_eV=places,
        delta_q=first,
        delta_q_rest=rest,
        minimum_delta_q=minimum_delta_q,
    )


def _half_windows(widest: int, narrowest: int) -> tuple[int, ...]:
    """Return half windows, each three quarters of the one before."""
    below = 3 * widest // 4
    return (widest, *_half_windows(below, narrowest)) if below >= narrowest else (widest,)


def _candidates(
    windows: Windows, places: FloatArray, first: FloatArray, minimum_delta_q: float, most: int
) -> FloatArray:
    """Return places of onsets: the best one added in turn and all moved, until none is left."""
    found, rest, spacing = np.empty(0), first, windows.spacing_eV(places)
    while len(found) < most:
        # two onsets between the same settings are one
        apart = np.all(np.abs(places[:, None] - found) > spacing[:, None], axis=1)
        allowed = np.where(apart, rest, 0.0)
        if np.max(allowed, initial=0.0) < minimum_delta_q:
            break
        found = np.append(found, places[np.argmax(allowed)])
        for i in reversed(range(len(found))):
            found[i] = windows.moved(found[i], np.delete(found, i))
        rest, _ = windows.test(places, found)
    return found
