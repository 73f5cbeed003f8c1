"""Scan builders: what a user asks of the laser, laid out in time as a `Schedule`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.laser.calibration import Calibration
from renp_sim.laser.clock import Factor
from renp_sim.laser.pulses import Pulses
from renp_sim.laser.schedule import Schedule, StepKind

__all__ = ["Allocation", "Scan", "Step", "build_schedule"]

SignalRate = Callable[[FloatArray], FloatArray]
"""ω (n,) → relative rate of recorded signal photons (n,)."""


class Allocation(StrEnum):
    """How a scan shares its time among its frequencies."""

    EQUAL_TIME = "equal_time"
    EQUAL_COUNTS = "equal_counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One laser step: `duration_s` is wall time, in which a continuous laser's photons are counted."""

    omega_eV: float
    duration_s: float
    kind: StepKind = StepKind.SIGNAL
    linewidth_eV: float | None = None
    coherence: float = 1.0
    scan_pass: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan over frequencies: `total_duration_s` is wall time and includes the settling."""

    omegas_eV: Sequence[float]
    total_duration_s: float
    allocation: Allocation = Allocation.EQUAL_TIME
    passes: int = 1
    control_fraction: float = 0.0
    dark_fraction: float = 0.0


def build_schedule(
    steps: Sequence[Step],
    scans: Sequence[Scan],
    *,
    linewidth_eV: float = 0.0,
    settling_s: float = 0.0,
    calibration: Calibration | None = None,
    pulses: Pulses | None = None,
    density: Factor | None = None,
    signal_rate: SignalRate,
) -> Schedule:
    """Lay single steps, then scans, out in time, as they are set.

    Between two steps the laser settles for `settling_s`; a scan pays for the settling before each of its
    steps out of its wall time (nothing before the first step of the run).

    Parameters
    ----------
    calibration
        Its stated errors; its offsets play no part.
    pulses
        None: a continuous laser.
    density
        Drift of n_a; None: none.
    signal_rate
        Relative signal rate at given frequencies; looked at by `Allocation.EQUAL_COUNTS` only.

    Raises
    ------
    ConfigError
        If there is no step, settling uses up a scan, or equal counts are asked where the rate is 0.
    """
    laid = list(steps)
    for number, scan in enumerate(scans):
        laid += _scan_steps(scan, f"laser.scan[{number}]", settling_s, signal_rate, is_first=not laid)
    if not laid:
        raise ConfigError("laser: no step and no scan: give at least one [[laser.steps]] or [[laser.scan]]")
    duration = np.array([step.duration_s for step in laid])
    kind = np.array([step.kind for step in laid], dtype=np.int8)
    calibration = calibration or Calibration()
    live_fraction = eta = np.ones(len(laid))
    if pulses is not None:
        live_fraction, eta = pulses.open_s(duration) / duration, pulses.coherence(duration)
    return Schedule(
        kind=kind,
        scan_pass=np.array([step.scan_pass for step in laid], dtype=np.int32),
        omega_eV=np.array([step.omega_eV for step in laid]),
        linewidth_eV=np.array([linewidth_eV if s.linewidth_eV is None else s.linewidth_eV for s in laid]),
        start_s=np.concatenate([[0.0], np.cumsum(duration + settling_s)[:-1]]),
        duration_s=duration,
        live_fraction=live_fraction,
        coherence=np.where(kind == StepKind.SIGNAL, [step.coherence for step in laid], 0.0) * eta,
        omega_common_error_eV=np.full(len(laid), calibration.common_error_eV),
        omega_step_error_eV=np.full(len(laid), calibration.step_error_eV),
        pulses=pulses,
        density=density,
    )


def _scan_steps(
    scan: Scan, where: str, settling_s: float, signal_rate: SignalRate, *, is_first: bool
) -> list[Step]:
    """Return the steps of a scan: in each pass every frequency, then one control and one dark step.

    The control step moves through the frequencies from pass to pass, so that it sees the same laser light.
    """
    fractions = {StepKind.CONTROL: scan.control_fraction, StepKind.DARK: scan.dark_fraction}
    extra = [kind for kind, fraction in fractions.items() if fraction > 0]
    n_steps = scan.passes * (len(scan.omegas_eV) + len(extra))
    open_s = scan.total_duration_s - settling_s * (n_steps - is_first)
    if open_s <= 0:
        raise ConfigError(
            f"{where}.total_duration_s = {scan.total_duration_s:g}: {n_steps} steps settle for "
            f"{settling_s:g} s each, so nothing is left; make it longer or take fewer passes"
        )
    shares = _shares(scan, where, signal_rate) * (1 - scan.control_fraction - scan.dark_fraction)
    pass_s = open_s / scan.passes
    out = []
    for scan_pass in range(scan.passes):
        out += [
            Step(omega_eV=omega, duration_s=pass_s * share, scan_pass=scan_pass)
            for omega, share in zip(scan.omegas_eV, shares.tolist(), strict=True)
        ]
        omega = scan.omegas_eV[scan_pass % len(scan.omegas_eV)]
        out += [
            Step(omega_eV=omega, duration_s=pass_s * fractions[kind], kind=kind, scan_pass=scan_pass)
            for kind in extra
        ]
    return out


def _shares(scan: Scan, where: str, signal_rate: SignalRate) -> FloatArray:
    """Return the share of the signal time of each frequency; they sum to 1."""
    n = len(scan.omegas_eV)
    if scan.allocation is Allocation.EQUAL_TIME:
        return np.full(n, 1 / n)
    omegas = np.asarray(scan.omegas_eV)
    rate = signal_rate(omegas)
    if np.any(rate <= 0):
        raise ConfigError(
            f'{where}.allocation = "equal_counts": no signal is expected at {omegas[rate <= 0][0]} eV; '
            'leave it out, give it a step of its own, or use "equal_time"'
        )
    return np.asarray((1 / rate) / np.sum(1 / rate))
