"""`optimise`: the schedule that answers a question in the least time, with a certificate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from renp_sim.analysis.plan.optimum import Optimum, Points, length_needed, optimum
from renp_sim.analysis.plan.separation import Separation
from renp_sim.analysis.plan.thinning import thinned
from renp_sim.app.candidates import UNIT_S, Candidates, Layout, default_grid
from renp_sim.app.experiment import Experiment
from renp_sim.app.plan_toys import ToyGain, toy_gain
from renp_sim.app.separations import Asking, first_points, separations_of
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.errors import FitError
from renp_sim.laser.schedule import StepKind
from renp_sim.physics.neutrino import Neutrinos, Ordering, Oscillation
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["OptimalSchedule", "Prior", "Wish", "confirmed", "optimised"]

PUBLISHED = ("gp23_three_frequencies", "gp23_six_frequencies")
"""Examples with the frequencies of GP23, to which a schedule is compared where the atom is theirs."""

ZOOM_POINTS = 8
"""Parts into which the cells beside the chosen steps are divided: a finer grid changes the fourth digit."""

ZOOM_SHARE = 1e-2
"""Of the time: beside a step that has less nothing is gained."""

OFFSET = "laser.calibration.common_offset_eV"

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
            run_from_table(apply_settings(table, [f"{key}={value!r}" for key, value in truth.items()]))
            if truth
            else run
            for truth in self.truths
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a schedule may be.

    Parameters
    ----------
    most_steps
        Frequencies; None: as many as are worth it.
    least_dwell_s
        Wall time that each has at least, all passes together, s.
    grid_eV
        Frequencies that may be chosen; None: those of `default_grid`, finer where it matters.
    """

    most_steps: int | None = None
    least_dwell_s: float = 0.0
    grid_eV: FloatArray | None = None


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

    @property
    def passes(self) -> int:
        """How often the frequencies are run through."""
        return self.layout.passes

    def table(self) -> dict[str, Any]:
        """Return the run file of the schedule."""
        table = self.layout.table(self.omega_eV.tolist(), self.duration_s.tolist(), self.passes)
        table["run"]["name"] = f"{self.layout.run.config.run.name}-optimised"
        return table

    @cached_property
    def run(self) -> Run:
        """The run of the schedule."""
        return run_from_table(self.table())

    @property
    def live_time_s(self) -> float:
        """Coherent live time in all, dead time left out, s."""
        return _coherent_s(self.run)

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
            f"{self.asking.question.normalisation_text}: {days[0]:.5g} d live, {days[1]:.5g} d wall",
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


def optimised(run: Run, asking: Asking, wish: Wish, prior: Prior | None = None) -> OptimalSchedule:
    """Return the schedule that answers a question in the least wall time.

    Parameters
    ----------
    run
        Everything but its schedule stays; of that the shares of control and dark steps, and the passes.
    asking
        The question: Δq of an Asimov set against the worst alternative is to be significance².
    wish
        What the schedule may be.
    prior
        Truths; None: what the run file says.

    Raises
    ------
    ConfigError
        If the question is none, or a wish cannot be.
    FitError
        If no schedule answers it.
    """
    asking.require()
    layout, prior = Layout.of(run), prior or Prior()
    grid = default_grid(run, _neutrinos(prior.runs(run))) if wish.grid_eV is None else wish.grid_eV
    candidates, separations, every = _solved(layout, prior, asking, grid, None)
    _require_answer(every)
    if wish.grid_eV is None:
        finer = _zoomed(candidates.omega_eV, every.time > ZOOM_SHARE * np.sum(every.time))
        candidates, separations, every = _solved(layout, prior, asking, finer, every.points)
    found = thinned(
        every,
        separations,
        _price(candidates),
        most_steps=wish.most_steps,
        least=wish.least_dwell_s / UNIT_S,
        shares=prior.shares,
    )
    _require_answer(found)
    done = OptimalSchedule(
        asking=asking,
        prior=prior,
        layout=layout,
        candidates=candidates,
        found=found,
        separations=tuple(separations),
        gain={},
        notes=_notes(run, prior),
    )
    own_s = done.live_time_s
    gain = {name: _needed_s(other, asking, prior) / own_s for name, other in _others(run).items()}
    return replace(done, gain=gain)


def _solved(
    layout: Layout, prior: Prior, asking: Asking, grid_eV: FloatArray, points: Points | None
) -> tuple[Candidates, list[Separation], Optimum]:
    """Return the optimum on a grid; `points` of alternatives are known from another one."""
    candidates = Candidates.of(layout, grid_eV)
    separations = separations_of(prior.runs(candidates.run), candidates.candidate, asking)
    first = points or first_points(separations)
    return (
        candidates,
        separations,
        optimum(separations, _price(candidates), first, shares=prior.shares),
    )


def _require_answer(found: Optimum) -> None:
    if not isfinite(found.cost):
        raise FitError(
            "no schedule of these frequencies answers the question: an alternative expects what the truth "
            "does at each of them, whatever the exposure; fix or constrain what floats, widen --grid or "
            "allow more --steps"
        )


def _price(candidates: Candidates) -> FloatArray:
    return np.full(len(candidates.omega_eV), UNIT_S)


def confirmed(plan: OptimalSchedule, *, n_toys: int, precision: float) -> OptimalSchedule:
    """Return the plan with what toys say of it and of the schedule that was given, by one seed.

    Raises
    ------
    ConfigError
        If a parameter is to be measured.
    """
    found = toy_gain(plan.run, plan.layout.run, plan.asking, n_toys=n_toys, precision=precision)
    return replace(plan, toys=found)


def _neutrinos(truths: Sequence[Run]) -> list[Neutrinos]:
    """Return the neutrinos whose thresholds matter: those of every truth, and of the other ordering."""
    found = []
    for run in truths:
        own = run.emission.neutrinos
        found.append(own)
        if run.config.neutrino.masses_eV is None:
            lightest_eV = float(np.min(own.masses_eV))
            other = next(ordering for ordering in Ordering if ordering is not run.oscillation.ordering)
            found.append(Neutrinos.from_lightest_mass(lightest_eV, Oscillation.nufit(other), own.nature))
    return found


def _zoomed(grid: FloatArray, is_chosen: Any) -> FloatArray:
    """Return the frequencies, and more of them beside those that were chosen."""
    inner = np.linspace(0, 1, ZOOM_POINTS + 1)[1:-1]
    near = np.flatnonzero(is_chosen[1:] | is_chosen[:-1])
    return np.unique(np.concatenate([grid, *(grid[i] + inner * (grid[i + 1] - grid[i]) for i in near)]))


def _others(run: Run) -> dict[str, Run]:
    """Return runs with other schedules: the given one, and those of GP23 where the atom is theirs."""
    found = {"given": run}
    if run.emission.target.atom.name == "Yb":
        layout = Layout.of(run)
        for name in PUBLISHED:
            (scan,) = read_table(name)["laser"]["scan"]
            omegas = scan["omegas_eV"]
            found[name] = run_from_table(layout.table(omegas, [DAY_S] * len(omegas), 1))
    return found


def _needed_s(run: Run, asking: Asking, prior: Prior) -> float:
    """Return the coherent live time that a schedule needs, s; ∞ where it never answers the question."""
    whole = np.zeros(run.schedule.n_steps, dtype=np.intp)
    separations = separations_of(prior.runs(run), whole, asking)
    return length_needed(separations, np.ones(1), shares=prior.shares) * _coherent_s(run)


def _coherent_s(run: Run) -> float:
    exposure = Experiment.of(run).exposure
    return float(np.sum(exposure.live_time_s[exposure.kind == StepKind.SIGNAL]))


def _notes(run: Run, prior: Prior) -> tuple[str, ...]:
    """Return what a reader must know."""
    schedule, notes = run.schedule, []
    if prior.truths == ({},):
        notes.append("the truth assumed is what the run file says; --prior says which others there may be")
    if np.any(schedule.omega_common_error_eV > 0) and not any(OFFSET in truth for truth in prior.truths):
        error_eV = float(np.max(schedule.omega_common_error_eV))
        notes.append(
            f"the frequency scale is assumed to have no offset, known to {error_eV:g} eV; steps may stand "
            f"nearer to a threshold: --prior {OFFSET}={-error_eV:g},0,{error_eV:g} --robust keeps away"
        )
    if run.config.drift.density is not None or run.config.drift.efficiency is not None:
        notes.append(
            "drifts are left out: the frequencies are meant to be interleaved, so that all share them"
        )
    own = run.config.laser.linewidth_eV
    if np.any(schedule.linewidth_eV != own) or any(step.coherence != 1 for step in run.config.laser.steps):
        notes.append(
            f"the line of every step is that of the laser, {own:g} eV, and its coherence that of the target; "
            "steps of the run file that have their own are not followed"
        )
    if np.any(schedule.omega_step_error_eV > 0):
        notes.append(
            "calibration errors of single steps are left out; `exposure` of the new run file has them"
        )
    return tuple(notes)
