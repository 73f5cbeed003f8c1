"""Scans with a known spectrum, made without any neutrino physics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.arrays import FloatArray


def scan_exposure(omega_eV: Any, **changes: Any) -> Exposure:
    """Return steps of 1 s with one count per unit of Î and a second, without background unless said."""
    omega = np.asarray(omega_eV, dtype=np.float64)
    n = len(omega)
    zero = np.zeros(n)
    rate = np.broadcast_to(np.asarray(changes.pop("background_hz", 0.0), dtype=np.float64), (n,))
    values: dict[str, Any] = {
        "run": np.ones(n, dtype=np.int64),
        "step": np.arange(n),
        "kind": np.zeros(n, dtype=np.int8),
        "omega_eV": omega,
        "linewidth_eV": zero,
        "omega_common_error_eV": zero,
        "omega_step_error_eV": zero,
        "live_time_s": np.ones(n),
        "coherence": np.ones(n),
        "gamma0_hz": np.ones(n),
        "efficiency": np.ones(n),
        "efficiency_common_error": zero,
        "efficiency_step_error": zero,
        "components": ("flat",),
        "background_rate_hz": rate[:, None].copy(),
        "background_error_hz": np.zeros((n, 1)),
        "background_present": np.ones((n, 1), dtype=np.bool_),
    }
    return Exposure(**(values | changes))


def asimov(exposure: Exposure, spectrum: Callable[[FloatArray], FloatArray]) -> Observation:
    """Return the expectation of a spectrum Î(ω)."""
    e = exposure
    per_unit = e.gamma0_hz * e.coherence * e.efficiency * e.live_time_s
    return Observation(exposure=e, counts=per_unit * spectrum(e.omega_eV) + e.background_counts)


def drawn(observation: Observation, rng: np.random.Generator) -> Observation:
    """Return Poisson counts of an expectation."""
    return Observation(exposure=observation.exposure, counts=rng.poisson(observation.counts).astype(float))
