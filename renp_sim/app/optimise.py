"""`optimise`: the schedule that answers a question in the least time, with a certificate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from renp_sim.analysis.plan.optimum import Optimum, Points, length_needed, optimum
from renp_sim.analysis.plan.separation import Separation
from renp_sim.analysis.plan.thinning import thinned
from renp_sim.app.candidates import UNIT_S, Candidates, Layout, default_grid
from renp_sim.app.plan import OptimalSchedule, Prior, coherent_time_s
from renp_sim.app.plan_notes import notes_of_plan
from renp_sim.app.plan_toys import toy_gain
from renp_sim.app.separations import Asking, first_points, separations_of
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.errors import FitError
from renp_sim.parallel.executor import Executor
from renp_sim.physics.neutrino import Neutrinos, Ordering, Oscillation
from renp_sim.runfile.reading import read_table
from renp_sim.runfile.run import Run, run_from_table

__all__ = ["Wish", "confirmed", "optimised"]

PUBLISHED = ("gp23_three_frequencies", "gp23_six_frequencies")
"""Examples with the frequencies of GP23, to which a schedule is compared where the atom is theirs."""

ZOOM_POINTS = 8
"""Parts into which the cells beside the chosen steps are divided: a finer grid changes the fourth digit."""

ZOOM_SHARE = 1e-2
"""Of the time: beside a step that has less nothing is gained."""


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


def optimised(
    run: Run,
    asking: Asking,
    wish: Wish,
    prior: Prior | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> OptimalSchedule:
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
    tell
        Is called with what is begun.

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
    tell(f"{len(grid)} frequencies")
    candidates, separations, every = _solved(layout, prior, asking, grid, None)
    _require_answer(every)
    if wish.grid_eV is None:
        finer = _zoomed(candidates.omega_eV, every.time > ZOOM_SHARE * np.sum(every.time))
        tell(f"{len(finer)} frequencies, finer where time is spent")
        candidates, separations, every = _solved(layout, prior, asking, finer, every.points)
    tell("fewer steps")
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
        notes=(),
    )
    done = replace(done, notes=notes_of_plan(done))
    own_s = done.live_time_s
    tell("how much longer other schedules need")
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


def confirmed(
    plan: OptimalSchedule, *, n_toys: int, precision: float, executor: Executor | None = None
) -> OptimalSchedule:
    """Return the plan with what toys say of it and of the schedule that was given, by one seed.

    Raises
    ------
    ConfigError
        If a parameter is to be measured.
    """
    given = plan.layout.run
    found = toy_gain(plan.run, given, plan.asking, n_toys=n_toys, precision=precision, executor=executor)
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


def _zoomed(grid: FloatArray, is_chosen: BoolArray) -> FloatArray:
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
            found[name] = run_from_table(layout.table(omegas, [UNIT_S] * len(omegas), 1))
    return found


def _needed_s(run: Run, asking: Asking, prior: Prior) -> float:
    """Return the coherent live time that a schedule needs, s; ∞ where it never answers the question."""
    whole = np.zeros(run.schedule.n_steps, dtype=np.intp)
    separations = separations_of(prior.runs(run), whole, asking)
    return length_needed(separations, np.ones(1), shares=prior.shares) * coherent_time_s(run)
