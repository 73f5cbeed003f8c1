"""Background: counts that no signal photon caused. A component is a rate, a presence and a spectrum.

Rates are those of open time, so the counts of a pulsed laser scale with its duty cycle by themselves.
"""

from detector.background.contract import Background, Origin, arrival_times, poisson_times
from detector.background.leakage import LaserLeakage
from detector.background.qed import DensityPowers, Qed, ReferenceDensity
from detector.background.surroundings import Continuum, DarkCounts

__all__ = [
    "BACKGROUNDS",
    "Background",
    "Continuum",
    "DarkCounts",
    "DensityPowers",
    "LaserLeakage",
    "Origin",
    "Qed",
    "ReferenceDensity",
    "arrival_times",
    "poisson_times",
]

BACKGROUNDS: tuple[type[Background], ...] = (DarkCounts, Continuum, Qed, LaserLeakage)
"""Every background a run file can name."""
