"""What the detector is expected to record in each step, and where no mean of dead time is right."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from detector.conditions import StepConditions
from detector.response import Detector, Expectation
from detector.unevenness import uneven_dead_time
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.laser.schedule import Schedule
from renp_sim.physics.line import mean_efficiency
from renp_sim.physics.rates import Emission

__all__ = ["NOTED", "dead_time_notes", "expectations", "live_fraction"]

TOLERANCE = 0.01
"""Of a mean."""

NOTED = 0.05
"""Dead fraction from which on a user is told."""


def expectations(
    schedule: Schedule,
    conditions: Sequence[StepConditions],
    detector: Detector,
    signal_rate_hz: ArrayLike,
    emission: Emission | None,
) -> list[Expectation]:
    """Return the expectation of each of n steps.

    Parameters
    ----------
    schedule, conditions
        The steps, and what the detector is told of them.
    detector
        The detector.
    signal_rate_hz
        Signal photons that reach it, s⁻¹ of open time, shape (n,) or a number.
    emission
        What emits the signal; None: an even rate over a laser line.

    Raises
    ------
    ConfigError
        If rates change so much within a step that dead time takes another share of some photons than of
        others, or windows are so short that it matters that it goes on in the next one: its mean is taken at
        the mean rate, and that would be off by more than 1 %. Or if afterpulses have no mean.
    """
    rates_hz = np.broadcast_to(np.asarray(signal_rate_hz, dtype=np.float64), len(conditions)).tolist()
    even = mean_efficiency(schedule.omega_eV, schedule.linewidth_eV, detector, emission).tolist()
    _require_afterpulses_within(detector, schedule)
    try:
        expected = [detector.expected(*step) for step in zip(conditions, rates_hz, even, strict=True)]
    except ValueError as error:
        raise ConfigError(f"detector.{error}") from None
    if detector.dead_time.tau_s > 0 and not schedule.is_steady:
        for step, (condition, mean) in enumerate(zip(conditions, expected, strict=True)):
            off = uneven_dead_time(detector, condition, mean)
            if off > TOLERANCE:
                raise ConfigError(
                    f"detector.dead_time.tau_s = {detector.dead_time.tau_s:g}: by laser.pulses or drift the "
                    f"rate in step {step} changes so much that dead time takes up to {100 * off:.2g} % more "
                    "of some photons than on average, and no mean would be right to 1 %; make it shorter"
                )
    return expected


def _require_afterpulses_within(detector: Detector, schedule: Schedule) -> None:
    """Raise ConfigError if afterpulses come after the window of their parent, where none are counted."""
    if detector.afterpulse is None or schedule.pulses is None:
        return
    late = detector.afterpulse.probability * detector.afterpulse.reach_s / schedule.pulses.window_s
    if late > TOLERANCE:
        raise ConfigError(
            f"detector.afterpulse: {100 * late:.2g} % of the counts would be afterpulses that come when the "
            "window of laser.pulses is closed, and no mean would be right to 1 %; make decay_s shorter"
        )


def live_fraction(expected: Sequence[Expectation], schedule: Schedule) -> FloatArray:
    """Return the mean share of the open time of each step that dead time leaves, shape (n,)."""
    return np.array([e.live_time_s for e in expected]) / schedule.open_time_s


def dead_time_notes(expected: Sequence[Expectation], schedule: Schedule) -> tuple[str, ...]:
    """Return a line if dead time takes more than 5 % of the open time of a step."""
    dead = 1 - live_fraction(expected, schedule)
    many = np.flatnonzero(dead > NOTED)
    if not len(many):
        return ()
    worst = int(np.argmax(dead))
    where = f"step {worst} (ω = {schedule.omega_eV[worst]:.9g} eV)"
    others = f"; in {len(many)} steps it takes more than {100 * NOTED:g} %" if len(many) > 1 else ""
    return (f"dead time takes {100 * dead[worst]:.3g} % of the open time of {where}{others}",)
