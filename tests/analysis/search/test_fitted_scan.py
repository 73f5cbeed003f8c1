"""Toys of several couplings or phases: many valleys, each of which is fitted along what has kinks."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.minimise import newton
from renp_sim.analysis.minimise import step as steps
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search import search as toy_search
from renp_sim.analysis.search import starts
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.analysis.search.search import search
from renp_sim.app.compare import setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import problem_of
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.runfile.run import load

COUPLING = "interaction.g_left."


def with_vector(elements: str) -> Experiment:
    """Six frequencies and a light vector that couples to some pairs."""
    run = load(
        "gp23_six_frequencies",
        (
            "target.volume_cm3=1e4",
            "neutrino.lightest_mass_eV=0.01",
            "laser.scan[0].omegas_eV=[1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]",
            "laser.scan[0].total_duration_s=5184000.0",
            f"interaction={{model='vector_mediator', mass_eV=1.0, g_electron=1e-7, g_left={elements}}}",
            "background=[{kind='dark_counts', name='dark', rate_hz=0.001, error_rel=0.1}]",
        ),
    )
    return Experiment.of(run)


@cache
def of_couplings(elements: str, held: str, free: str) -> tuple[Setup, FloatArray]:
    """Both couplings, the mass and a norm floating, and toys."""
    asked = Question(
        treatment=Treatment(free=(COUPLING + free, "lightest_mass_eV")), normalisation=Normalisation.FREE
    )
    truth, *_ = setups_of(with_vector(elements), asked, f"{COUPLING}{held}=0.0")
    rng = np.random.default_rng(3)
    return truth, rng.poisson(truth.model.expected(truth.theta), (12, 6)).astype(float)


CASES = [("{11=6e-17, 22=6e-17}", "11", "22"), ("{12=[6e-17, 6e-17]}", "12.re", "12.im")]


@pytest.mark.parametrize("case", CASES)
def test_toys_of_couplings_beside_a_norm_have_the_minima_of_the_profile(
    case: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twins: few iterations, and one straight step from each point of a scan, which ends hundreds above."""
    setup, counts = of_couplings(*case)
    counts = counts[:3]
    profiled = np.array([ProfileCurve.of(setup, one).q_min for one in counts])
    found = search(setup, counts)
    assert np.all(found.q < profiled + 2e-3)
    assert np.all(found.status < Status.NOT_CONVERGED)
    with monkeypatch.context() as patched:
        for module in (newton, steps):
            patched.setattr(module, "FIRST_DAMPING", 1e-2)
        crept = search(setup, counts)
    stays = (crept.status == Status.NOT_CONVERGED) | (crept.q > found.q + 1e-3)
    assert case == CASES[0] or np.any(stays)
    monkeypatch.setattr(toy_search, "has_several_valleys", lambda setup: False)
    assert np.max(search(setup, counts).q - found.q) > 100.0


def test_toys_of_one_coupling_beside_a_mass_have_the_minima_of_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Interference has two places for it; twin: of each piece the lowest alone, which misses half."""
    experiment = with_vector("{11=6e-17}")
    asked = Question(treatment=Treatment(free=(COUPLING + "11", "lightest_mass_eV")))
    setup = Setup.of(*problem_of(experiment, asked, hypothesis_of_run(experiment)))
    counts = np.random.default_rng(3).poisson(setup.model.expected(setup.theta), (20, 6)).astype(float)
    profiled = np.array([ProfileCurve.of(setup, one).q_min for one in counts])
    assert np.all(search(setup, counts).q < profiled + 2e-3)
    monkeypatch.setattr(toy_search, "has_several_valleys", lambda setup: False)
    assert np.sum(search(setup, counts).q > profiled + 0.05) >= 5


SECOND_PLACE = """
[run]
name = "second place"
seed = 7
[target]
volume_cm3 = 8.08e+04
[neutrino]
lightest_mass_eV = 0.01848
[interaction]
model = "vector_mediator"
mass_eV = 1.0
g_electron = 1e-7
width_eV = 0.0
[[background]]
kind = "dark_counts"
name = "dark"
rate_hz = 0.001
error_rel = 0.1
[[laser.scan]]
omegas_eV = [1.070569, 1.071, 1.071304, 1.071346, 1.071621, 1.07172]
total_duration_s = 5184000.0
"""


def test_a_second_place_of_a_coupling_is_found_beside_another_at_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is missed where fewer sizes are looked at."""
    (tmp_path / "run.toml").write_text(SECOND_PLACE)
    experiment = Experiment.of(load(tmp_path / "run.toml"))
    free = (COUPLING + "13.re", COUPLING + "11", "lightest_mass_eV")
    setup = Setup.of(
        *problem_of(experiment, Question(treatment=Treatment(free=free)), hypothesis_of_run(experiment))
    )
    counts = np.array([59567.0, 55245.0, 38012.0, 29524.0, 932.0, 865.0])
    assert ProfileCurve.of(setup, counts).q_min == pytest.approx(4.0884, abs=1e-3)
    assert search(setup, counts[None]).q[0] == pytest.approx(4.0884, abs=1e-3)
    # the normalisation is free
    monkeypatch.setattr(starts, "LARGER", np.array([0.25, 4.0]))
    assert ProfileCurve.of(setup, counts).q_min > 4.1


def test_couplings_are_fitted_from_all_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two signs of each of two; twin: of one coupling only."""
    setup, counts = of_couplings(*CASES[0])
    theta = np.tile(setup.theta, (40, 1))
    theta[:, setup.index("lightest_mass_eV")] = np.linspace(0.008, 0.0125, 40)
    theta[:, [setup.index(f"{COUPLING}{element}") for element in ("11", "22")]] = 0.0
    profiler = Profiler.of(setup, counts[2], ("lightest_mass_eV",))
    every = profiler.lowest(theta).q
    monkeypatch.setattr(starts, "MOST_VALLEYS", 1)
    few = profiler.lowest(theta).q
    assert np.all(every < few + 1e-3)
    assert np.max(few - every) > 0.1


def test_toys_of_phases_beside_an_offset_have_the_minima_of_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They ended up to 45 above it: of seven places of the offset and six of each phase few were left.

    The twin is the straight scan.
    """
    run = load(
        "gp23_six_frequencies",
        (
            "target.volume_cm3=1e6",
            "neutrino.lightest_mass_eV=0.01",
            "laser.calibration.common_error_eV=1e-5",
        ),
    )
    _, setup, *_ = setups_of(Experiment.of(run), Question(), "nature")
    theta = setup.theta.copy()
    theta[[setup.index("alpha21_deg"), setup.index("alpha31_deg")]] = 147.7, -139.6
    counts = np.random.default_rng(2).poisson(setup.model.expected(theta), (3, 6)).astype(float)
    profiled = np.array([ProfileCurve.of(setup, one).q_min for one in counts])
    assert np.all(search(setup, counts).q < profiled + 0.02)
    monkeypatch.setattr(toy_search, "has_several_valleys", lambda setup: False)
    assert np.any(search(setup, counts).q > profiled + 0.02)


MOMENTS = ("interaction.magnetic_muB.11", "interaction.magnetic_muB.22")


def of_moments() -> tuple[Setup, FloatArray]:
    """Two moments that stand at 0 and are seen a hundred times better than their size: 1e8 counts."""
    run = load(
        "gp23_six_frequencies",
        (
            "target={volume_cm3=1e3, spin_tensor=0.5}",
            "neutrino={}",
            "laser.scan[0].omegas_eV=[1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]",
            "laser.scan[0].total_duration_s=5184000.0",
            "interaction={model='em_moments'}",
        ),
    )
    experiment = Experiment.of(run)
    asked = Question(treatment=Treatment(free=MOMENTS))
    setup = Setup.of(*problem_of(experiment, asked, hypothesis_of_run(experiment)))
    theta = setup.theta.copy()
    theta[[setup.index(name) for name in MOMENTS]] = 1e-8
    return setup, np.random.default_rng(1).poisson(setup.model.expected(theta)).astype(float)


def test_toys_of_many_counts_find_both_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles too, of which fits stood on a barrier at 4e6; twin: a start that falls behind is given up."""
    setup, counts = of_moments()
    assert search(setup, counts[None]).q[0] < 2.0
    assert ProfileCurve.of(setup, counts).q_min < 2.0

    def racing(rows: IndexArray, q: FloatArray, owner: IndexArray, _: int) -> IndexArray:
        best = np.full(int(owner.max()) + 1, np.inf)
        np.minimum.at(best, owner, q)
        return rows[q[rows] <= best[owner[rows]] + newton.BEHIND]

    monkeypatch.setattr(newton, "_in_the_race", racing)
    assert search(setup, counts[None]).q[0] > 100.0


def test_moments_that_a_small_norm_makes_up_for_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lowest known, of 200 starts, is 1.0533 at a sixteenth of the norm; the twin looks less far."""
    omegas_eV = [1.06223, 1.069896, 1.0701, 1.071389, 1.071446, 1.071512, 1.071541, 1.071611]
    settings = (
        "target={volume_cm3=251.0, spin_tensor=0.5}",
        "neutrino={lightest_mass_eV=0.001142}",
        f"laser.scan[0].omegas_eV={omegas_eV}",
        "laser.scan[0].total_duration_s=5184000.0",
        "interaction={model='em_moments'}",
    )
    experiment = Experiment.of(load("gp23_six_frequencies", settings))
    free = tuple(f"interaction.{name}" for name in ("electric_muB.11", "magnetic_muB.33", "electric_muB.22"))
    asked = Question(treatment=Treatment(free=(*free, "lightest_mass_eV")), normalisation=Normalisation.FREE)
    setup = Setup.of(*problem_of(experiment, asked, hypothesis_of_run(experiment)))
    counts = np.array([325150.0, 296694.0, 294920.0, 227825.0, 211961.0, 184613.0, 168141.0, 104572.0])
    q = search(setup, counts[None]).q[0]
    monkeypatch.setattr(starts, "LARGER", starts.SIZES)
    assert q < search(setup, counts[None]).q[0] - 0.01


def test_regions_of_a_moment_are_of_both_signs() -> None:
    setup, counts = of_moments()
    curve = ProfileCurve.of(setup, counts)
    below, above = regions_of(curve, MOMENTS[0], curve.error(MOMENTS[0]), 1.0)[0]
    assert (below.lower, below.upper) == pytest.approx((-above.upper, -above.lower), rel=1e-6)
    assert above.lower < 1e-8 + 1e-12
    assert above.upper < 1.01e-8
    (mass,) = regions_of(curve, "lightest_mass_eV", 0.0, 1.0)[0]
    assert 0.0 < mass.lower < 0.01 < mass.upper < 0.0101
