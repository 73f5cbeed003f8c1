"""Majorana phases: minima are found wherever they are, though −2 ln L has no slope where a fit begins."""

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.search import starts
from renp_sim.analysis.search.search import search
from renp_sim.app.compare import setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import problem_of
from renp_sim.app.question import Constraint, Normalisation, Question, Treatment
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.runfile.run import load

NAMES = ("alpha21_deg", "alpha31_deg", "lightest_mass_eV")
TRUTHS = [(120.0, -70.0, 0.03), (-10.0, 170.0, 0.005)]


def both_natures(question: Question, mass_eV: float) -> tuple[Setup, Setup]:
    """Dirac, which is true, and Majorana, whose phases float."""
    run = load("gp23_six_frequencies", ("target.volume_cm3=1e6", f"neutrino.lightest_mass_eV={mass_eV}"))
    truth, alternative, *_ = setups_of(Experiment.of(run), question, "nature")
    assert set(NAMES) <= set(alternative.names)
    return truth, alternative


def of_phases() -> Setup:
    return both_natures(Question(), 0.03)[1]


def expected(setup: Setup, truth: tuple[float, float, float]) -> FloatArray:
    theta = setup.theta.copy()
    theta[[setup.index(name) for name in NAMES]] = truth
    return setup.model.expected(theta)


@pytest.mark.parametrize("truth", TRUTHS)
def test_phases_that_made_the_data_are_found(truth: tuple[float, float, float]) -> None:
    setup = of_phases()
    counts = expected(setup, truth)
    curve, found = ProfileCurve.of(setup, counts), search(setup, counts[None])
    assert curve.q_min < 1e-3
    assert found.q[0] < 1e-3
    for theta in (curve.best.theta[0], found.theta[0]):
        assert np.all(np.abs(theta[[setup.index(name) for name in NAMES[:2]]]) <= 180.0)


@pytest.mark.parametrize("truth", [(175.0, -178.0, 0.02), (60.0, 30.0, 0.012)])
def test_toys_find_phases_at_the_end_of_a_turn_too(truth: tuple[float, float, float]) -> None:
    setup = of_phases()
    found = search(setup, expected(setup, truth)[None])
    assert found.q[0] < 1e-3
    assert np.all(np.abs(found.theta[0, [setup.index(name) for name in NAMES[:2]]]) <= 180.0)


def test_a_phase_may_pass_the_end_of_its_turn_and_is_told_inside() -> None:
    """A fit that stops there is at no minimum; one with a constraint has ends, since its pull would jump."""
    setup = of_phases()
    at = [setup.names.index(name) for name in NAMES[:2]]
    assert (setup.lower[at].tolist(), setup.upper[at].tolist()) == ([-360.0] * 2, [360.0] * 2)
    theta = np.tile(setup.theta, (2, 1))
    theta[:, setup.index("alpha21_deg")] = [250.0, -190.0]
    assert setup.folded(theta)[:, setup.index("alpha21_deg")].tolist() == [-110.0, 170.0]
    assert setup.model.expected(setup.folded(theta)) == pytest.approx(setup.model.expected(theta), rel=1e-12)
    known = Setup.of(setup.model, constrain={"alpha21_deg": Constraint(value=0.0, error=20.0)})
    assert (known.lower.tolist(), known.upper.tolist()) == ([-180.0], [180.0])


def test_dirac_data_have_the_least_of_all_phases_by_brute_force() -> None:
    """It was 13.0, so that 109 days were said to be enough where 158 are needed."""
    truth, alternative = both_natures(Question(normalisation=Normalisation.FREE), 0.01)
    counts = 2.6368 * truth.model.expected(truth.theta)
    assert isinstance(alternative.model, ExpectedCounts)
    longer = alternative.model.part(np.arange(6), np.full(6, 2.6368))
    alternative = alternative.standing_for(longer)
    columns = [alternative.index(name) for name in alternative.names]
    reach = {"lightest_mass_eV": (0.0, 0.05), "normalisation": (0.3, 3.0)}

    def q(x: FloatArray) -> FloatArray:
        theta = np.repeat(alternative.theta[None], x.shape[1], axis=0)
        theta[:, columns] = x.T
        return np.asarray(np.sum(poisson_deviance(counts, alternative.model.expected(theta)), axis=1))

    brute = differential_evolution(
        q,
        [reach.get(name, (-180.0, 180.0)) for name in alternative.names],
        vectorized=True,
        updating="deferred",
        popsize=30,
        maxiter=150,
        seed=1,
        tol=1e-12,
    ).fun
    assert brute == pytest.approx(9.0, abs=1e-3)
    assert ProfileCurve.of(alternative, counts).q_min == pytest.approx(brute, abs=1e-3)


def test_toys_of_phases_alone_have_the_minima_of_the_profile() -> None:
    """There was no answer where no mass floats beside them."""
    setup = of_phases()
    held = setup.moved(setup.theta).without("lightest_mass_eV")
    toys = np.random.default_rng(5).poisson(expected(setup, (120.0, -70.0, 0.03)), (8, 6)).astype(float)
    profiled = np.array([ProfileCurve.of(held, counts).q_min for counts in toys])
    assert search(held, toys).q == pytest.approx(profiled, abs=1e-3)


def test_a_valley_of_phases_that_moves_with_the_mass_is_found() -> None:
    """Phases of 100° and −88° give what Dirac neutrinos do, in a valley of the mass that moves with them."""
    run = load(
        "gp23_six_frequencies",
        (
            "neutrino.ordering=inverted",
            "neutrino.lightest_mass_eV=0.002957343978167191",
            "target.volume_cm3=78609.20972480573",
            "laser.scan[0].omegas_eV=[1.065272,1.068736,1.071605,1.07173,1.071763]",
        ),
    )
    asked = Question(normalisation=Normalisation.FREE)
    truth, alternative, *_ = setups_of(Experiment.of(run), asked, "nature")
    counts = truth.model.expected(truth.theta)
    assert ProfileCurve.of(alternative, counts).q_min < 1e-3


def _toys(setup: Setup) -> FloatArray:
    rng = np.random.default_rng(3)
    return rng.poisson(expected(setup, TRUTHS[0]), (40, 6)).astype(float)


def test_toys_with_phases_have_the_minima_of_the_profile() -> None:
    setup = of_phases()
    toys = _toys(setup)[:4]
    profiled = np.array([ProfileCurve.of(setup, counts).q_min for counts in toys])
    assert np.all(search(setup, toys).q <= profiled + 1e-3)


def test_toys_with_two_places_of_a_phase_miss_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin of the places among which fits start."""
    setup = of_phases()
    toys = _toys(setup)
    found = search(setup, toys).q
    monkeypatch.setattr(starts, "A_TURN", 2)
    assert np.any(search(setup, toys).q > found + 0.05)


def test_regions_of_a_phase_are_those_of_its_mirror_too_and_go_on_over_the_end_of_a_turn() -> None:
    """A cosine has two places: widened from the best one alone, the other was not listed."""
    run = load(
        "gp23_six_frequencies",
        (
            "target.volume_cm3=2e6",
            "neutrino={nature='majorana', lightest_mass_eV=0.01, alpha21_deg=90.0, alpha31_deg=-70.0}",
            "laser.scan=[{omegas_eV=[1.069, 1.07, 1.0708, 1.0712, 1.0716], total_duration_s=5184000.0}]",
        ),
    )
    experiment = Experiment.of(run)
    asked = Question(treatment=Treatment(free=("alpha21_deg",)))
    setup = Setup.of(*problem_of(experiment, asked, hypothesis_of_run(experiment)))
    at = setup.index("alpha21_deg")
    for truth, expected_regions in ((100.0, 2), (175.0, 1)):
        theta = setup.theta.copy()
        theta[at] = truth
        counts = setup.model.expected(theta)
        curve = ProfileCurve.of(setup, counts)
        regions = regions_of(curve, "alpha21_deg", 10.0, 1.0)[0]
        assert len(regions) == expected_regions
        best = curve.setup.theta[at]
        for value in (truth, -truth, 360.0 - truth):
            is_inside = [
                r.lower <= value + turns <= r.upper for r in regions for turns in (-360.0, 0.0, 360.0)
            ]
            assert sum(is_inside) == 1
        assert any(r.lower <= best <= r.upper for r in regions)
        ends = np.array([end for r in regions for end in (r.lower, r.upper)])
        assert curve.delta_q("alpha21_deg", ends) == pytest.approx(np.ones(len(ends)), abs=1e-3)


def test_a_phase_that_is_measured_is_not_cut_at_the_end_of_its_turn() -> None:
    """Its range is the turn around what is known of it."""
    setup = of_phases()
    known = Constraint(value=170.0, error=20.0)
    constrained = Setup.of(setup.model, constrain={"alpha21_deg": known})
    assert (constrained.lower.tolist(), constrained.upper.tolist()) == ([-10.0], [350.0])
    assert constrained.limits("alpha21_deg") == (-10.0, 350.0)
    assert setup.limits("alpha21_deg") == (-180.0, 180.0)
