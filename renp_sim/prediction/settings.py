"""The settings of the laser in an exposure: the different things that a spectrum is computed for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.acceptance import Acceptance, is_gentle_over, varies_over
from renp_sim.physics.line import LINE_REACH
from renp_sim.physics.line_cuts import PANELS_REACH
from renp_sim.prediction.responses import Responses

__all__ = ["Settings"]

OFFSET_REACH = 5.0
"""Stated errors of the frequency that an offset may reach in a fit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settings:
    """The different settings of the laser: a scan in many passes asks for each of them only once.

    Parameters
    ----------
    omega_eV, linewidth_eV, response
        Shape (s,): set frequency, Gaussian σ, answer to the common offset.
    run_response, run_column
        Answer to the offset of its run, and that one's place in θ, −1 where it has none, shape (s,).
    offset_column
        Place in θ of the setting's own offset, −1 where it has none, shape (s,).
    efficiency
        Stated efficiency, shape (s,), where an acceptance is averaged over the line instead of it; else 1.
    acceptances
        What sees the photons of each setting, where that changes over what the line reaches; else None.
    is_gentle
        Whether it changes so little that five points average it, shape (s,); True where it is None.
    of_step
        Setting of each row, shape (n,); s where one can see no signal.
    """

    omega_eV: FloatArray
    linewidth_eV: FloatArray
    response: FloatArray
    run_response: FloatArray
    run_column: IndexArray
    offset_column: IndexArray
    efficiency: FloatArray
    acceptances: tuple[Acceptance | None, ...]
    is_gentle: BoolArray
    of_step: IndexArray

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        responses: Responses,
        run_offsets: Mapping[int, int],
        own_offsets: Mapping[int, int],
        acceptances: Mapping[int, Acceptance],
    ) -> Self:
        """Collect the settings.

        Offsets have their places in θ by run, and by step; `acceptances` has what sees by run.
        """
        own = np.array([own_offsets.get(k, -1) for k in responses.step.tolist()], dtype=np.float64)
        run, run_response = np.full(exposure.n_steps, -1.0), np.ones(exposure.n_steps)
        for number, column in run_offsets.items():
            here = exposure.run == number
            run[here], run_response[here] = column, responses.run_frequency[number].response
        known, seen_by, is_gentle = _seen(exposure, acceptances)
        efficiency = np.where(seen_by < 0, 1.0, exposure.efficiency)
        columns = [exposure.omega_eV, exposure.linewidth_eV, responses.frequency.response]
        keys = np.stack([*columns, run_response, run, own, efficiency, seen_by, is_gentle], axis=1)
        active = exposure.counts_per_unit > 0
        found, inverse = np.unique(keys[active], axis=0, return_inverse=True)
        of_step = np.full(exposure.n_steps, len(found))
        of_step[active] = inverse.ravel()
        return cls(
            omega_eV=found[:, 0],
            linewidth_eV=found[:, 1],
            response=found[:, 2],
            run_response=found[:, 3],
            run_column=found[:, 4].astype(np.intp),
            offset_column=found[:, 5].astype(np.intp),
            efficiency=found[:, 6],
            acceptances=tuple(None if k < 0 else known[k] for k in found[:, 7].astype(np.intp)),
            is_gentle=found[:, 8].astype(np.bool_),
            of_step=of_step,
        )

    def to_steps(self, values: FloatArray, axis: int) -> FloatArray:
        """Spread values of the s settings along an axis over the n rows; 0 where there is no signal."""
        nothing = np.zeros((*values.shape[:axis], 1, *values.shape[axis + 1 :]))
        return np.take(np.concatenate([values, nothing], axis), self.of_step, axis)


def _seen(
    exposure: Exposure, acceptances: Mapping[int, Acceptance]
) -> tuple[list[Acceptance], IndexArray, BoolArray]:
    """Return acceptances, which of them each step has, −1 for an even one, and whether it is gentle.

    A sharp line has one only where it is gentle: at an edge its counts would jump in a fit of the offset.
    """
    seen_by, known = np.full(exposure.n_steps, -1), list(acceptances.values())
    is_gentle = np.ones(exposure.n_steps, dtype=np.bool_)
    errors = OFFSET_REACH * (exposure.omega_common_error_eV + exposure.omega_step_error_eV)
    omega, sigma = exposure.omega_eV, exposure.linewidth_eV
    for k, (run, acceptance) in enumerate(acceptances.items()):
        own = np.flatnonzero((exposure.run == run) & (sigma + errors > 0))
        ends = [
            (omega[own] - x[own], omega[own] + x[own])
            for x in (LINE_REACH * sigma + errors, PANELS_REACH * sigma + errors)
        ]
        varies, gentle = varies_over(acceptance, *ends[0]), is_gentle_over(acceptance, *ends[1])
        # runs of one detector share their settings
        seen_by[own[varies & (gentle | (sigma[own] > 0))]] = known.index(acceptance, 0, k + 1)
        is_gentle[own] = gentle | ~varies
    return known, seen_by, is_gentle
