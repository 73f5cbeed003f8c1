"""The job of a run: everything that makes its events, and nothing else of it."""

from dataclasses import dataclass

import numpy as np

from detector.response import Detector, StepConditions
from renp_sim.arrays import FloatArray
from renp_sim.generator.photons import SignalPhotons
from renp_sim.prediction.conditions import step_conditions
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
    rows
        How an event is written down.
    """

    signal: SignalPhotons
    detector: Detector
    conditions: tuple[StepConditions, ...]
    rows: EventRows

    def step_slices(self, step: int) -> StepSlices:
        """Return how a step is cut."""
        rate_hz = self.detector.arrival_rate_hz(self.conditions[step])
        count = int(self.signal.counts[step])
        return StepSlices.of(self.signal.boundaries_s(step), count, rate_hz)

    def expected_rows(self) -> list[FloatArray]:
        """Return the rows that the slices of each step are expected to have before the detector."""
        return [self.step_slices(step).expected_rows for step in range(len(self.conditions))]

    def expected_photons(self) -> float:
        """Return the number of signal and background photons expected, nothing being drawn."""
        asked = self.signal.n_events
        n_signal = float(self.signal.expected.sum()) if asked is None else asked
        rates_hz = [self.detector.arrival_rate_hz(conditions) for conditions in self.conditions]
        return n_signal + float(np.dot(rates_hz, self.signal.schedule.open_time_s))


def job_of(run: Run, n_events: int | None = None) -> Job:
    """Return what makes the events of a run, with Poisson counts or a fixed number of signal photons."""
    signal = SignalPhotons(
        schedule=run.truth, emission=run.emission, seed=run.config.run.seed, n_events=n_events
    )
    return Job(
        signal=signal,
        detector=run.detector,
        conditions=step_conditions(run.truth, run.emission.target),
        rows=EventRows(
            run=run.number,
            weight=signal.weight,
            keep_undetected=run.config.output.keep_undetected,
        ),
    )
