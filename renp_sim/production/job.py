"""The job of a run: everything that makes its events, and nothing else of it."""

from dataclasses import dataclass

import numpy as np

from detector.response import Detector, StepConditions
from renp_sim.arrays import FloatArray
from renp_sim.generator.photons import SignalPhotons
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.exposure import exposure_of
from renp_sim.production.event_rows import EventRows
from renp_sim.production.slices import StepSlices
from renp_sim.runfile.run import Run

__all__ = ["Job", "job_of"]


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


def job_of(run: Run, n_events: int | None = None) -> Job:
    """Return what makes the events of a run, with Poisson counts or a fixed number of signal photons.

    A fixed number comes at another rate than the true one, at which dead time would take another share. So
    nothing is lost to it then, and every photon weighs what the true rate leaves alive on average.
    """
    signal = SignalPhotons(
        schedule=run.truth, emission=run.emission, seed=run.config.run.seed, n_events=n_events
    )
    detector, live_fraction = run.detector, np.ones(run.truth.n_steps)
    if n_events is not None or detector.afterpulse is not None:
        # which refuses what has no mean
        target = run.emission.target
        live_time_s = exposure_of(
            run.truth, target, detector, signal_rate_hz=signal.rate_hz, emission=run.emission
        ).live_time_s
    if n_events is not None:
        live_fraction = live_time_s / run.truth.open_time_s
        detector = detector.never_dead()
    conditions = step_conditions(run.truth, run.emission.target)
    # background is drawn at its own rate, whatever number of signal photons was asked for
    weight = np.array([signal.weight, *np.ones(len(detector.backgrounds))])
    return Job(
        signal=signal,
        detector=detector,
        conditions=conditions,
        arrival_rate_hz=np.array([detector.arrival_rate_hz(step) for step in conditions]),
        rows=EventRows(
            run=run.number,
            weight=live_fraction[:, None] * weight,
            keep_undetected=run.config.output.keep_undetected,
        ),
        live_fraction=live_fraction,
    )
