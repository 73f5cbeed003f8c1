"""Candidate steps of a schedule that is to be planned, and run files of schedules that were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import ConfigError
from renp_sim.laser.schedule import StepKind
from renp_sim.physics.neutrino import Neutrinos
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["UNIT_S", "Candidates", "Layout", "default_grid"]

UNIT_S = 86_400.0
"""Wall time of a candidate, s: times of a plan are in units of it."""

COARSE_POINTS = 160
"""From E_eg/2 to twice as far as the lowest threshold."""

LOWEST, TAIL_POINTS = 0.5, 16
"""Of E_eg/2: down to there the rate hardly changes; the nature of neutrinos is best seen on the way."""

BESIDE_EV = np.concatenate([[1e-8], np.geomspace(1e-7, 1e-4, 16)])
"""Distances from a threshold, on either side: 1e-8 eV is 2.4 MHz."""

LINE_WIDTHS = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
"""The same, in widths of the laser line."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """How a run shares its time, which its plan keeps.

    Parameters
    ----------
    run
        What is not its schedule stays.
    control, dark
        Shares of the wall time without settling.
    passes
        How often its frequencies are run through.
    """

    run: Run
    control: float
    dark: float
    passes: int

    @classmethod
    def of(cls, run: Run) -> "Layout":
        """Read it from a run.

        Raises
        ------
        ConfigError
            If the run has no signal step.
        """
        kind, duration_s = run.schedule.kind, run.schedule.duration_s
        if not np.any(kind == StepKind.SIGNAL):
            raise ConfigError("laser: the run has no signal step, whose place planned ones could take")
        control, dark = (
            float(np.sum(duration_s[kind == each]) / np.sum(duration_s))
            for each in (StepKind.CONTROL, StepKind.DARK)
        )
        return cls(run=run, control=control, dark=dark, passes=int(np.max(run.schedule.scan_pass)) + 1)

    def table(self, omega_eV: Sequence[float], duration_s: Sequence[float], passes: int) -> dict[str, Any]:
        """Return the run file whose steps have these frequencies and wall times, all passes together."""
        shares = {"control": self.control, "dark": self.dark}
        kinds = {"signal": 1 - self.control - self.dark, **{k: v for k, v in shares.items() if v > 0}}
        table = self.run.resolved()
        table["run"].pop("number")
        laser = {key: value for key, value in table["laser"].items() if key not in ("scan", "steps")}
        laser["steps"] = [
            {"omega_eV": omega, "duration_s": share * each_s / passes, "kind": kind}
            for _ in range(passes)
            for omega, each_s in zip(omega_eV, duration_s, strict=True)
            for kind, share in kinds.items()
        ]
        return {**table, "laser": laser}

    @property
    def n_kinds(self) -> int:
        """Steps of one frequency: signal, and control and dark ones if there are any."""
        return 1 + (self.control > 0) + (self.dark > 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """A run in which each of K frequencies has its steps for a unit of time.

    Parameters
    ----------
    run
        With all of them, and no drift: what is planned is meant to be interleaved.
    omega_eV
        Shape (K,), rising.
    candidate
        Of which each row is, shape (n,).
    """

    run: Run
    omega_eV: FloatArray
    candidate: IndexArray

    @classmethod
    def of(cls, layout: Layout, omega_eV: FloatArray) -> "Candidates":
        """Lay out frequencies."""
        omega = np.unique(omega_eV)
        table = layout.table(omega.tolist(), np.full(len(omega), UNIT_S).tolist(), 1)
        table.pop("drift", None)
        return cls(
            run=run_from_table(table),
            omega_eV=omega,
            candidate=np.repeat(np.arange(len(omega)), layout.n_kinds),
        )


def default_grid(run: Run, neutrinos: Sequence[Neutrinos]) -> FloatArray:
    """Return frequencies up to E_eg/2, dense beside some thresholds and sparse where the rate is flat."""
    e_eg_eV = run.emission.target.atom.e_eg_eV
    thresholds = np.unique(np.concatenate([nu.thresholds_eV(e_eg_eV).ravel() for nu in neutrinos]))
    end, lowest = e_eg_eV / 2, float(thresholds[0])
    start = max(2 * lowest - end, LOWEST * end)
    coarse = np.linspace(start, end, COARSE_POINTS + 1)[:-1]
    tail = end - np.geomspace(end - start, (1 - LOWEST) * end, TAIL_POINTS)
    widths = float(np.max(run.schedule.linewidth_eV)) * LINE_WIDTHS
    fine = (thresholds[:, None] + np.concatenate([-BESIDE_EV, BESIDE_EV, -widths, widths])).ravel()
    return np.unique(np.concatenate([tail, coarse, fine[(fine > coarse[0]) & (fine < end)]]))
