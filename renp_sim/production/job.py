"""The job of a run: everything that makes its events, and nothing else of it."""

from dataclasses import dataclass, replace

import numpy as np

from detector.response import NEVER_DEAD, Detector, StepConditions
from renp_sim.arrays import FloatArray
from renp_sim.generator.photons import SignalPhotons
from renp_sim.prediction.conditions import step_conditions
from renp_sim.prediction.expectations import expectations, live_fraction
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

    Raises
    ------
    ConfigError
        If the dead time of a step has no mean that is right to 1 %.
    """
    signal = SignalPhotons(
        schedule=run.truth, emission=run.emission, seed=run.config.run.seed, n_events=n_events
    )
    detector, left = run.detector, np.ones(run.truth.n_steps)
    conditions = step_conditions(run.truth, run.emission.target)
    if n_events is not None or not (run.truth.is_steady or detector.dead_time.tau_s == 0):
        expected = expectations(run.truth, conditions, detector, signal.rate_hz, run.emission)
        if n_events is not None:
            left = live_fraction(expected, run.truth)
            detector = replace(detector, dead_time=NEVER_DEAD)
    return Job(
        signal=signal,
        detector=detector,
        conditions=conditions,
        arrival_rate_hz=np.array([detector.arrival_rate_hz(step) for step in conditions]),
        rows=EventRows(
            run=run.number,
            signal_weight=signal.weight * left,
            background_weight=left,
            keep_undetected=run.config.output.keep_undetected,
        ),
        live_fraction=left,
    )
