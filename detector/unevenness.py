"""How far a mean dead time is off where rates change within a step."""

import numpy as np

from detector.conditions import SIGNAL_POWER, StepConditions
from detector.record import Expectation
from detector.response import Detector

__all__ = ["uneven_dead_time"]

MANY = 1e9
"""Dead times after which the start of a step is forgotten."""

SMALL = 1e-3
"""Dead fraction at the highest rate that needs no closer look."""


def uneven_dead_time(detector: Detector, conditions: StepConditions, expected: Expectation) -> float:
    """Return by how much dead time may take more of some arrivals than of all, relative to what is left.

    `Detector.expected` takes it at the mean rate of the step. Where the rate follows the coherence or drifts,
    it takes more at some times than at others, and of what comes then; within τ of a change the rate is not
    known to better than the dead fraction itself.
    """
    course, tau_s = conditions.course, detector.dead_time.tau_s
    if course is None or tau_s == 0:
        return 0.0
    rates, relative = [expected.signal_rate_hz], [course.relative_rate(SIGNAL_POWER, is_seen=True)]
    for component, rate_hz in zip(detector.backgrounds, expected.background_rate_hz.tolist(), strict=True):
        rates.append(rate_hz)
        relative.append(course.relative_rate(component.density_power, is_seen=component.is_photon))
    rate_hz, of_mean = np.array(rates), np.array(relative)
    at_most = float(np.max(rate_hz @ of_mean)) * tau_s
    if at_most < SMALL:
        return at_most

    def alive(rate_hz: float) -> float:
        return detector.dead_time.live_time_s(rate_hz, MANY * tau_s) / (MANY * tau_s)

    at_mean = alive(float(rate_hz.sum()))
    at_times = np.array([alive(rate) for rate in (rate_hz @ of_mean).tolist()])
    weight = course.relative_weight
    means = [float(weight @ at_times), *((of_mean[rate_hz > 0] * weight) @ at_times).tolist()]
    off = max(abs(mean / at_mean - 1) for mean in means)
    return float(off + (1 - at_times.min()) * min(tau_s / course.shortest_s, 1.0))
