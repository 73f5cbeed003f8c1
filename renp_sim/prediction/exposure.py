"""The exposure of a schedule: what `generate` would write of its steps, without generating anything."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from detector.channels import Channel, Channels
from detector.response import Detector
from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.line import mean_efficiency
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.expectations import expectations

__all__ = ["by_channel", "exposure_of"]


def exposure_of(
    schedule: Schedule,
    target: Target,
    detector: Detector,
    *,
    run: int = 1,
    signal_rate_hz: ArrayLike = 0.0,
    emission: Emission | None = None,
) -> Exposure:
    """Return what is known of the n steps of a schedule before a photon is counted.

    Parameters
    ----------
    schedule
        The steps as they were set.
    target
        Gives Γ₀ and the coherence.
    detector
        Gives efficiency, dead time and backgrounds.
    run
        Number of the run.
    signal_rate_hz
        Signal photons that reach the detector, s⁻¹ of open time, shape (n,) or a number. Only dead time asks
        for them: the live time is the mean one, which they shorten as background does.
    emission
        What emits the signal: where the efficiency changes over a laser line, its mean is that of the
        photons. None: that of an even rate.

    Raises
    ------
    ConfigError
        If the detector has no mean for a step, or none that is right to 1 %.

    Examples
    --------
    >>> from detector.efficiency import Constant
    >>> from renp_sim.laser.scan import Step, build_schedule
    >>> from renp_sim.physics.atom import known_atoms
    >>> schedule = build_schedule([Step(omega_eV=1.07, duration_s=3600.0)], [], signal_rate=np.ones_like)
    >>> target = Target(atom=known_atoms()["Yb"])
    >>> exposure_of(schedule, target, Detector(efficiency=Constant(value=0.5))).counts_per_unit.tolist()
    [3.6]
    """
    conditions = step_conditions(schedule, target)
    expected = expectations(schedule, conditions, detector, signal_rate_hz, emission)
    efficiency = np.array([e.efficiency for e in expected])
    table = (len(conditions), len(detector.backgrounds))
    background_hz = np.array([e.background_rate_hz for e in expected]).reshape(table)
    present = [component.present(c) for c in conditions for component in detector.backgrounds]
    errors = _efficiency_errors(schedule, detector, emission, efficiency)
    return Exposure.of(
        omega_eV=schedule.omega_eV,
        live_time_s=[e.live_time_s for e in expected],
        run=run,
        kind=schedule.kind,
        linewidth_eV=schedule.linewidth_eV,
        omega_common_error_eV=schedule.omega_common_error_eV,
        omega_step_error_eV=schedule.omega_step_error_eV,
        coherence=[c.coherence for c in conditions],
        gamma0_hz=target.gamma0_hz * schedule.gamma0_factor,
        efficiency=efficiency,
        efficiency_common_error=errors[0],
        efficiency_step_error=errors[1],
        components=[component.name for component in detector.backgrounds],
        background_rate_hz=background_hz,
        background_error_hz=background_hz * [component.error_rel for component in detector.backgrounds],
        background_present=np.reshape(present, table),
    )


def by_channel(detector: Detector) -> tuple[tuple[Channel, Detector], ...]:
    """Return each channel of a detector, and the detector that has no other one."""
    channels = Channels.of(detector.efficiency).channels
    if len(channels) == 1:
        return ((channels[0], detector),)
    return tuple((alone, replace(detector, efficiency=Channels(channels=(alone,)))) for alone in channels)


def _efficiency_errors(
    schedule: Schedule, detector: Detector, emission: Emission | None, efficiency: FloatArray
) -> FloatArray:
    """Return common and per-step errors of the efficiency, shape (2, n): those of channels add in square."""
    parts = []
    for channel, alone in by_channel(detector):
        if alone is not detector:
            efficiency = mean_efficiency(schedule.omega_eV, schedule.linewidth_eV, alone, emission)
        stated = channel.efficiency
        parts.append([efficiency * stated.common_error_rel, efficiency * stated.step_error_rel])
    return np.asarray(np.hypot.reduce(parts, axis=0))
