"""The job of a run: everything that makes its events, and nothing else of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detector.response import Detector, StepConditions
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, nearest
from renp_sim.generator.photons import SignalPhotons
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.expectations import expectations, live_fraction
from renp_sim.production.event_rows import EventRows
from renp_sim.production.slices import StepSlices
from renp_sim.runfile.run import Run

__all__ = ["Job", "job_of"]

MOST_FACTOR = 1e6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a worker needs to make the events of any part of a run; picklable.

    Parameters
    ----------
    signal, detector
        Truth, and what is recorded of it.
    conditions
        What the detector is told of each step as it was.
    arrival_rate_hz
        Background arrivals of each step, before the detector, shape (n,).
    rows
        How an event is written down.
    live_fraction
        Mean share of the open time that dead time leaves, where it stands for the dead time of single
        photons; else 1, shape (n,).
    """

    signal: SignalPhotons
    detector: Detector
    conditions: tuple[StepConditions, ...]
    arrival_rate_hz: FloatArray
    rows: EventRows
    live_fraction: FloatArray

    def step_slices(self, step: int) -> StepSlices:
        """Return how a step is cut."""
        count, rate_hz = int(self.signal.counts[step]), float(self.arrival_rate_hz[step])
        return StepSlices.of(self.signal.boundaries_s(step), count, rate_hz)

    def expected_rows(self) -> list[FloatArray]:
        """Return the rows that the slices of each step are expected to have before the detector."""
        return [self.step_slices(step).expected_rows for step in range(len(self.conditions))]

    def expected_photons(self) -> float:
        """Return the number of signal and background photons expected, nothing being drawn."""
        asked = self.signal.n_events
        n_signal = float(self.signal.expected.sum()) if asked is None else asked
        return n_signal + float(np.dot(self.arrival_rate_hz, self.signal.schedule.open_time_s))


def job_of(run: Run, n_events: int | None = None, oversample: Mapping[str, float] | None = None) -> Job:
    """Return what makes the events of a run: Poisson counts, or weighted photons of other numbers.

    Other numbers come at other rates than the true ones, at which dead time would take another share. So
    nothing is lost to it then, and every photon weighs what the true rates leave alive on average.

    Parameters
    ----------
    run
        The run.
    n_events
        A fixed number of signal photons.
    oversample
        Factors on the numbers of background photons, by the name of the component.

    Raises
    ------
    ConfigError
        If there is no such component, or a mean is asked for that there is not.
    """
    signal = SignalPhotons(
        schedule=run.truth, emission=run.emission, seed=run.config.run.seed, n_events=n_events
    )
    detector, left = run.detector, np.ones(run.truth.n_steps)
    conditions = step_conditions(run.truth, run.emission.target)
    is_weighted = n_events is not None or bool(oversample)
    is_even = run.truth.is_steady or detector.dead_time.tau_s == 0
    factors = _factors(detector, oversample or {})
    if is_weighted or detector.afterpulse is not None or not is_even:
        # which refuses what has no mean
        expected = expectations(run.truth, conditions, detector, signal.rate_hz, run.emission)
        if is_weighted:
            left = live_fraction(expected, run.truth)
            detector = _at_rates(detector.never_dead(), factors)
    # background is drawn at its own rate, whatever number of signal photons was asked for
    weight = np.array([signal.weight, *(1 / factor for factor in factors)])
    return Job(
        signal=signal,
        detector=detector,
        conditions=conditions,
        arrival_rate_hz=np.array([detector.arrival_rate_hz(step) for step in conditions]),
        rows=EventRows(
            run=run.number,
            weight=left[:, None] * weight,
            keep_undetected=run.config.output.keep_undetected,
        ),
        live_fraction=left,
    )


def _factors(detector: Detector, oversample: Mapping[str, float]) -> list[float]:
    """Return the factor of each component, 1 where none is asked for."""
    names = [component.name for component in detector.backgrounds]
    problems = [
        f"--oversample {n}: no such background; {nearest(n, names)}" for n in oversample if n not in names
    ]
    problems += [
        f"--oversample {name}={factor:g}: the factor must lie in (0, {MOST_FACTOR:g}]"
        for name, factor in oversample.items()
        if not 0 < factor <= MOST_FACTOR
    ]
    if problems:
        raise ConfigError(*problems)
    return [oversample.get(name, 1.0) for name in names]


def _at_rates(detector: Detector, factors: Sequence[float]) -> Detector:
    """Return the detector with rates of background multiplied, to which its arrivals are proportional."""
    components: Iterable[Any] = detector.backgrounds
    faster = (replace(c, rate_hz=c.rate_hz * f) for c, f in zip(components, factors, strict=True))
    return replace(detector, backgrounds=tuple(faster))
