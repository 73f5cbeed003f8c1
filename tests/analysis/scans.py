"""Scans with a known spectrum, made without any neutrino physics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.arrays import FloatArray


def scan_exposure(omega_eV: Any, **changes: Any) -> Exposure:
    """Return steps of 1 s with one count per unit of Î and a second, without background unless said."""
    rate = changes.pop("background_hz", 0.0)
    background = {"components": ("flat",), "background_rate_hz": np.reshape(rate, (-1, 1))}
    return Exposure.of(**{"omega_eV": omega_eV, "live_time_s": 1.0} | background | changes)


def asimov(exposure: Exposure, spectrum: Callable[[FloatArray], FloatArray]) -> Observation:
    """Return the expectation of a spectrum Î(ω)."""
    signal = exposure.counts_per_unit * spectrum(exposure.omega_eV)
    return Observation(exposure=exposure, counts=signal + exposure.background_counts)


def drawn(observation: Observation, rng: np.random.Generator) -> Observation:
    """Return Poisson counts of an expectation."""
    return Observation(exposure=observation.exposure, counts=rng.poisson(observation.counts).astype(float))
