"""Schedules that expect few counts: what is nearly a wall, silence, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, poisson

from renp_sim.analysis.model import Constraint
from renp_sim.analysis.plan.separation import Separation
from renp_sim.analysis.plan.worth import Worth
from renp_sim.app.candidates import Candidates, Layout
from renp_sim.app.optimise import Wish, optimised
from renp_sim.app.plan import OptimalSchedule, Prior
from renp_sim.app.question import Question
from renp_sim.app.separations import Asking, separations_of
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import Run, load


def run_of(*settings: str) -> Run:
    return load("gp23_three_frequencies", settings)


def measured(error: float, *settings: str, name: str = "lightest_mass_eV") -> OptimalSchedule:
    asking = Asking(question=Question(), asked=name, significance=1.0, error=error)
    return optimised(run_of(*settings), asking, Wish())


def expected(plan: OptimalSchedule) -> tuple[FloatArray, FloatArray]:
    """Counts of the truth and of the first alternative in the steps of a plan."""
    rows = np.isin(plan.candidates.candidate, plan.steps)
    time = plan.found.time[plan.candidates.candidate[rows]]
    (separation, *_) = plan.separations
    mu = separation.setup.model.expected(separation.setup.theta)
    return time * separation.counts[rows], time * mu[rows]


@pytest.mark.parametrize("mass_eV", [0.005, 0.01, 0.015])
def test_a_measurement_beside_a_threshold_sees_a_count(mass_eV: float) -> None:
    """The median experiment tells m_l from 20 meV more; before, 1 in 12 saw any count (power 0.08)."""
    plan = measured(0.02, f"neutrino.lightest_mass_eV={mass_eV}")
    n, mu = (float(np.sum(each)) for each in expected(plan))
    outcomes = np.arange(50)
    p = poisson.sf(outcomes - 1, mu)
    assert np.sum(poisson.pmf(outcomes, n)[p <= norm.sf(1.0)]) > 0.499


def test_a_frequency_beside_a_threshold_is_no_better_than_a_wall() -> None:
    """At 1e-9 eV from the threshold of the alternative, and on the wall side of it."""
    run = run_of()
    heavier = replace(
        run.emission.neutrinos,
        masses_eV=run_of("neutrino.lightest_mass_eV=0.03").emission.neutrinos.masses_eV,
    )
    threshold = float(np.max(heavier.thresholds_eV(run.emission.target.atom.e_eg_eV)))
    asking = Asking(question=Question(), asked="lightest_mass_eV", significance=1.0, error=0.02)
    beside, wall = (
        optimised(run, asking, Wish(grid_eV=np.array([threshold + away_eV, 0.5 * threshold]), most_steps=1))
        for away_eV in (-1e-9, 1e-9)
    )
    for plan in (beside, wall):
        assert np.sum(expected(plan)[0]) == pytest.approx(np.log(2), rel=1e-6)
    assert beside.live_time_s == pytest.approx(wall.live_time_s, rel=1e-4)


@pytest.mark.parametrize("significance", [0.1, 0.3])
def test_a_small_significance_has_an_answer(significance: float) -> None:
    """Each frequency forbade a narrow band of masses for hardly any time, in a programme without end."""
    asking = Asking(question=Question(), asked="ordering", significance=significance)
    plan = optimised(run_of(), asking, Wish())
    assert plan.found.gap_rel < 5e-3
    assert np.sum(expected(plan)[0]) > 0.5


def test_fits_know_what_silence_is_worth() -> None:
    """The least over a constrained normalisation, by brute force; the twin fits Poisson counts."""
    asking = Asking(
        question=Question(normalisation=Constraint(value=1.0, error=0.3)),
        asked="lightest_mass_eV=0",
        significance=3.0,
    )
    run = run_of()
    # open for m_l = 0 only
    lighter = run_of("neutrino.lightest_mass_eV=0").emission.neutrinos
    e_eg_eV = run.emission.target.atom.e_eg_eV
    between = 0.5 * (
        np.max(run.emission.neutrinos.thresholds_eV(e_eg_eV)) + np.max(lighter.thresholds_eV(e_eg_eV))
    )
    candidates = Candidates.of(Layout.of(run), np.array([float(between)]))
    (separation,) = separations_of(Prior().runs(candidates.run), candidates.candidate, asking)
    time = np.array([1.0])
    least = minimize_scalar(
        lambda size: least_of(separation, size, Worth), bounds=(0.01, 3), method="bounded"
    )
    twin = minimize_scalar(lambda size: least_of(separation, size, None), bounds=(0.01, 3), method="bounded")
    found = separation.worst(time).q
    assert found == pytest.approx(least.fun, rel=1e-6)
    assert least_of(separation, float(twin.x), Worth) > found * 1.001


def least_of(separation: Separation, size: float, worth: type[Worth] | None) -> float:
    """Δ(−2 ln L) in unit time at a normalisation, with single outcomes or as Poisson has it."""
    theta = separation.setup.theta[None].copy()
    theta[:, separation.setup.index("normalisation")] = size
    mu = separation.setup.model.expected(theta)
    terms = float(separation.terms(theta)[0])
    if worth is None:
        return float(2 * np.sum(mu)) + terms
    return float(np.sum(worth(counts=separation.counts, mu=mu, wanted=separation.wanted).q)) + terms


def test_few_counts_and_a_side_that_is_missing_are_said() -> None:
    notes = measured(0.02).as_dict()["notes"]
    (few,) = [note for note in notes if "expect fewer than 10 counts" in note]
    assert "--question lightest_mass_eV=0.03 --significance 1 --power 0.5 --method toys" in few
    (side,) = [note for note in notes if "outside of its range" in note]
    assert side.startswith("lightest_mass_eV=-0.01 is outside")
    both = measured(0.005, "background=[{name='dark', kind='dark_counts', rate_hz=1.0}]").notes
    assert not any("outside" in note or "fewer than" in note for note in both)


def test_an_error_beyond_the_range_on_both_sides_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--error 2: .* both outside of the range"):
        measured(2.0, name="sin2_theta12")
