"""How the steps of an exposure answer to the uncertainties they share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Responses", "Shared"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """An uncertainty that moves all steps together.

    The errors stated for several runs may differ. The parameter is then that of the step with the largest
    one, and the others follow in proportion: fully correlated, each with its own error.

    Parameters
    ----------
    error
        The largest error; 0 where none is stated.
    response
        Error of a step over the largest one, shape (n,); 1 where none is stated.
    """

    error: float
    response: FloatArray

    @classmethod
    def of(cls, error: FloatArray) -> Self:
        """Build from the error of each step, shape (n,)."""
        largest = float(np.max(error, initial=0.0))
        return cls(error=largest, response=error / largest if largest > 0 else np.ones_like(error))

    def take(self, rows: IndexArray) -> Self:
        """Return the same uncertainty of some of the rows."""
        return replace(self, response=self.response[rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Responses:
    """The uncertainties of an exposure.

    Parameters
    ----------
    frequency, efficiency
        Common calibration, in eV, and common efficiency, relative.
    background
        Relative, one per component.
    run_frequency
        Calibration of each run, which draws an offset of its own, in eV, by run number; of its steps only.
    step_frequency_eV, step_efficiency
        Errors of single steps, shape (m,) for the m steps of n rows; 0 where none is stated.
    step
        Which of the steps each row is of, shape (n,).
    """

    frequency: Shared
    efficiency: Shared
    background: tuple[Shared, ...]
    run_frequency: Mapping[int, Shared]
    step_frequency_eV: FloatArray
    step_efficiency: FloatArray
    step: IndexArray

    @classmethod
    def of(cls, exposure: Exposure) -> Self:
        """Read them from an exposure."""
        background = _relative(exposure.background_error_hz, exposure.background_hz)
        by_run = [(run, exposure.run == run) for run in np.unique(exposure.run).tolist()]
        step = exposure.step_number
        first = np.unique(step, return_index=True)[1]
        return cls(
            frequency=Shared.of(exposure.omega_common_error_eV),
            efficiency=Shared.of(_relative(exposure.efficiency_common_error, exposure.efficiency)),
            background=tuple(Shared.of(column) for column in background.T),
            run_frequency={run: Shared.of(exposure.omega_common_error_eV[own]) for run, own in by_run},
            step_frequency_eV=exposure.omega_step_error_eV[first],
            step_efficiency=_relative(exposure.efficiency_step_error, exposure.efficiency)[first],
            step=step,
        )

    def take(self, exposure: Exposure, rows: IndexArray) -> Self:
        """Return the same uncertainties of some rows of the exposure they were read from.

        A parameter keeps its meaning: it is that of the largest error, also where the row of that is left.
        """
        step, first = np.unique(self.step[rows], return_index=True)
        order = step[np.argsort(first)]
        among = {run: np.cumsum(exposure.run == run) - 1 for run in self.run_frequency}
        return replace(
            self,
            frequency=self.frequency.take(rows),
            efficiency=self.efficiency.take(rows),
            background=tuple(shared.take(rows) for shared in self.background),
            run_frequency={
                run: shared.take(among[run][rows[exposure.run[rows] == run]])
                for run, shared in self.run_frequency.items()
            },
            step_frequency_eV=self.step_frequency_eV[order],
            step_efficiency=self.step_efficiency[order],
            step=np.argsort(order)[np.searchsorted(step, self.step[rows])],
        )


def _relative(error: FloatArray, value: FloatArray) -> FloatArray:
    """Return error/value, 0 where there is nothing to scale."""
    return np.divide(error, value, out=np.zeros_like(value), where=value > 0)
