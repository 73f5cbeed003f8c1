"""A step cut into slices, for tests of the detector."""

from collections.abc import Callable
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from detector.arrivals import NO_ARRIVALS
from detector.response import Detector, Photons, Record, StepConditions


def named_streams(seed: int, *address: int) -> Callable[[str], np.random.Generator]:
    """A stream per name, always from its start."""

    def stream(name: str) -> np.random.Generator:
        sequence = np.random.SeedSequence(seed, spawn_key=(*address, crc32(name.encode())))
        return np.random.Generator(np.random.PCG64DXSM(sequence))

    return stream


def photons_between(
    start_s: float, stop_s: float, rate_hz: float, omega_eV: float, rng: np.random.Generator
) -> Photons:
    n = rng.poisson(rate_hz * (stop_s - start_s))
    time_s = np.sort(rng.uniform(start_s, stop_s, n))
    return Photons(time_s=time_s, energy_eV=np.full(n, omega_eV))


def record_step(
    detector: Detector,
    conditions: StepConditions,
    signal_rate_hz: float,
    *,
    n_slices: int,
    seed: int,
    carry: bool = True,
) -> list[Record]:
    """Record a whole step; without `carry` each slice begins alive."""
    edges = np.linspace(0.0, conditions.duration_s, n_slices + 1)
    records: list[Record] = []
    busy_until_s, pending = -np.inf, NO_ARRIVALS
    for k in range(n_slices):
        start, stop = float(edges[k]), float(edges[k + 1])
        stream = named_streams(seed, k)
        photons = photons_between(start, stop, signal_rate_hz, conditions.omega_eV, stream("photons"))
        record = detector.record(
            photons, (start, stop), conditions, stream, busy_until_s=busy_until_s, pending=pending
        )
        if carry:
            busy_until_s, pending = record.busy_until_s, record.pending
        records.append(record)
    return records


def counts(records: list[Record], n_components: int) -> NDArray[np.int64]:
    """Recorded counts: signal first, then each component."""
    component = np.concatenate([record.component for record in records])
    return np.bincount(component + 1, minlength=n_components + 1)
