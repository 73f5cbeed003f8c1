"""A planned schedule: what it needs, how much better another one could be, and the run file of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from renp_sim.analysis.plan.optimum import Optimum
from renp_sim.analysis.plan.separation import Separation
from renp_sim.app.candidates import UNIT_S, Candidates, Layout
from renp_sim.app.experiment import Experiment
from renp_sim.app.plan_toys import ToyGain
from renp_sim.app.scan import setting_of
from renp_sim.app.separations import Asking
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.laser.schedule import StepKind
from renp_sim.runfile.reading import apply_settings
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["OptimalSchedule", "Prior", "coherent_time_s"]

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """Truths that there may be, all as probable.

    Parameters
    ----------
    truths
        Of each the keys of the run file that differ, with their values; G of them.
    is_robust
        Whether each of them is to be answered, instead of their mean Δq.
    """

    truths: tuple[Mapping[str, float], ...] = ({},)
    is_robust: bool = False

    @property
    def shares(self) -> FloatArray | None:
        """Return the weights of a mean, shape (G,); None where each counts."""
        n = len(self.truths)
        return None if self.is_robust or n == 1 else np.full(n, 1 / n)

    def runs(self, run: Run) -> list[Run]:
        """Return a run for each truth."""
        table = run.resolved()
        return [
            run_from_table(apply_settings(table, [setting_of(key, value) for key, value in truth.items()]))
            if truth
            else run
            for truth in self.truths
        ]


@dataclass(frozen=True, kw_only=True, eq=False)
class OptimalSchedule:
    """A schedule, what it needs, and how much better another one could be.

    Parameters
    ----------
    asking, prior
        The question.
    layout
        The run whose schedule it replaces.
    candidates
        Frequencies that could be chosen.
    found
        Times of them, and the certificate.
    separations
        Truths and alternatives on the candidates.
    gain
        Time that other schedules need over that of this one; ∞ where they never answer the question.
    notes
        What a reader must know, a line each.
    toys
        What they say of the given schedule and of this one; None where none were drawn.
    """

    asking: Asking
    prior: Prior
    layout: Layout
    candidates: Candidates
    found: Optimum
    separations: tuple[Separation, ...]
    gain: dict[str, float]
    notes: tuple[str, ...]
    toys: ToyGain | None = None

    @cached_property
    def steps(self) -> IndexArray:
        """Indices of the chosen candidates."""
        return np.flatnonzero(self.found.time > 0)

    @property
    def omega_eV(self) -> FloatArray:
        """Chosen frequencies, rising, shape (k,)."""
        return self.candidates.omega_eV[self.steps]

    @property
    def duration_s(self) -> FloatArray:
        """Their wall times without settling, control and dark steps included, shape (k,), s."""
        return self.found.time[self.steps] * UNIT_S

    def table(self) -> dict[str, Any]:
        """Return the run file of the schedule."""
        table = self.layout.table(self.omega_eV.tolist(), self.duration_s.tolist(), self.layout.passes)
        table["run"]["name"] = f"{self.layout.run.config.run.name}-optimised"
        return table

    @cached_property
    def run(self) -> Run:
        """The run of the schedule."""
        return run_from_table(self.table())

    @cached_property
    def live_time_s(self) -> float:
        """Coherent live time in all, dead time left out, s."""
        return coherent_time_s(self.run)

    @property
    def least_favourable(self) -> list[dict[str, Any]]:
        """Return the mixture of alternatives that is hardest to exclude, the heaviest first."""
        weight = self.found.weight / np.sum(self.found.weight)
        rows = []
        for i in np.argsort(-weight, kind="stable").tolist():
            if weight[i] <= 1e-6:
                break
            which, theta = self.found.points[i]
            setup = self.separations[which].setup
            at = {name: float(theta[setup.index(name)]) for name in setup.names}
            alternative = self.separations[which].label
            truth = dict(self.prior.truths[self.separations[which].truth])
            rows.append({"weight": float(weight[i]), "truth": truth, "alternative": alternative, "at": at})
        return rows

    def sentences(self) -> tuple[str, ...]:
        """Return the answer and its certificate in words."""
        days = (self.live_time_s / DAY_S, self.run.schedule.wall_time_s / DAY_S)
        asked = self.asking.asked
        if self.asking.error is not None:
            asked += f" to ±{self.asking.error:g}"
        return (
            f"{asked} at {self.asking.significance:g} sigma, normalisation "
            f"{self.asking.question.normalisation_text}: {days[0]:.5g} d live in signal steps, "
            f"{days[1]:.5g} d wall",
            f"within {100 * self.found.gap_rel:.2g} % of the best possible schedule "
            f"of these {len(self.candidates.omega_eV)} frequencies",
        )

    def information_per_h(self) -> tuple[FloatArray, float]:
        """Return Δ(−2 ln L) per hour of each candidate against the least favourable, and its bound."""
        hours = np.sum(self.found.weight) * UNIT_S / 3600
        return self.found.rate / hours, UNIT_S / hours

    def as_dict(self) -> dict[str, Any]:
        """Return what `optimise --json` prints."""
        return {
            "question": self.asking.asked,
            "error": self.asking.error,
            "significance": self.asking.significance,
            "sided": "one-sided",
            "normalisation": self.asking.question.normalisation_text,
            "prior": [dict(truth) for truth in self.prior.truths],
            "robust": self.prior.is_robust,
            "omega_eV": self.omega_eV.tolist(),
            "share": (self.duration_s / np.sum(self.duration_s)).tolist(),
            "live_time_s": self.live_time_s,
            "wall_time_s": self.run.schedule.wall_time_s,
            "gap_rel": self.found.gap_rel,
            "candidates": len(self.candidates.omega_eV),
            "least_favourable": self.least_favourable,
            "gain": {name: value if isfinite(value) else None for name, value in self.gain.items()},
            "toys": None if self.toys is None else self.toys.as_dict(),
            "notes": list(self.notes),
        }


def coherent_time_s(run: Run) -> float:
    """Return the coherent live time of a run in all, dead time left out, s."""
    exposure = Experiment.of(run).exposure
    return float(np.sum(exposure.live_time_s[exposure.kind == StepKind.SIGNAL]))
