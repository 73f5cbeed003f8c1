"""Count and check the events of a run block by block."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.ntuple.blind import shown_truth
from renp_sim.ntuple.ranges import allowed_values, misfits
from renp_sim.ntuple.schema import EVENTS, Columns

__all__ = ["EventTally", "begins_of"]


def begins_of(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return where stretches of equal values begin: of events in time order there are few.

    Examples
    --------
    >>> begins_of(np.array([4, 4, 7, 4])).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


@dataclass(slots=True, kw_only=True)
class EventTally:
    """What is known of the events of one run so far.

    Parameters
    ----------
    is_blind, is_poisson
        What its row of `runs` promises.
    """

    is_blind: bool = False
    is_poisson: bool = False
    rows: int = 0
    recorded: int = 0
    recorded_per_step: dict[int, int] = field(default_factory=dict)
    """Step → recorded photons, for each step with an event."""
    first_faults: dict[str, int] = field(default_factory=dict)
    """Fault → the first row of the run's events that has it."""
    last_time_s: float = -np.inf

    @property
    def faults(self) -> list[str]:
        """A line for each kind of fault."""
        return [f"{fault} (first in row {row} of its events)" for fault, row in self.first_faults.items()]

    def add(self, events: Columns) -> None:
        """Count the next events of the run, all branches."""
        rows = len(events["event"])
        numbers = np.arange(self.rows, self.rows + rows)
        self._note("events are not numbered 0, 1, 2, …: rows lost or doubled", events["event"] != numbers)
        self._check_times(events["time_s"], events["recorded"])
        lost = ~events["recorded"]
        self._note(
            "photon_energy_eV is not NaN exactly where a photon is lost",
            np.isnan(events["photon_energy_eV"]) != lost,
        )
        if self.is_poisson or self.is_blind:
            promise = "blind" if self.is_blind else "Poisson"
            self._note(f"a weight is not 1 though the run is {promise}", events["weight"] != 1.0)
        if self.is_blind:
            for name, shown in shown_truth(EVENTS, events).items():
                self._note(f"is blind but events.{name} shows truth", shown)
        for branch, misfit in misfits(EVENTS, events):
            self._note(f"events.{branch.name} is not {allowed_values(branch)}", misfit)
        self._count(events["step"], events["recorded"])
        self.rows += rows

    def _check_times(self, time_s: NDArray[np.float64], recorded: NDArray[np.bool_]) -> None:
        # a lost photon may have no time; the others are in order
        known = ~np.isnan(time_s)
        self._note("a recorded photon has no time", recorded & ~known)
        times = np.concatenate([[self.last_time_s], time_s[known]])
        late = np.zeros(len(time_s), dtype=bool)
        late[known] = np.diff(times) < 0.0
        self._note("events are not in time order", late)
        self.last_time_s = float(times[-1])

    def _count(self, step: NDArray[np.int32], recorded: NDArray[np.bool_]) -> None:
        begins = begins_of(step)
        steps, places = np.unique(step[begins], return_inverse=True)
        stretches = np.add.reduceat(recorded, begins, dtype=np.int64) if len(begins) else begins
        counts = np.bincount(places, weights=stretches, minlength=len(steps)).astype(np.int64)
        for number, count in zip(steps.tolist(), counts.tolist(), strict=True):
            self.recorded_per_step[number] = self.recorded_per_step.get(number, 0) + count
        self.recorded += int(counts.sum())

    def _note(self, fault: str, bad: NDArray[np.bool_]) -> None:
        if fault not in self.first_faults and bad.any():
            self.first_faults[fault] = self.rows + int(np.argmax(bad))
