"""Several kinked parameters: minima are those of a brute search, also where one of three masses is held."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.search import cells
from renp_sim.analysis.search.cells import followed, lowest_over_cells
from renp_sim.analysis.search.problem import Problem
from renp_sim.app.experiment import Experiment
from renp_sim.app.fitting import problem_of
from renp_sim.app.hypothesis import Masses
from renp_sim.app.question import Question
from renp_sim.arrays import FloatArray
from renp_sim.cli.fit_options import question_of
from renp_sim.physics.neutrino import Nature
from renp_sim.runfile.run import load
from tests.analysis.frozen_fits import data_of, frozen_fits

REACH = {
    "m1_eV": (0.0, 0.06),
    "m2_eV": (0.0, 0.06),
    "m3_eV": (0.0, 0.07),
    "normalisation": (0.8, 1.2),
    "background.dark": (0.5, 1.5),
}


def six_frequencies() -> tuple[Setup, FloatArray]:
    (case,) = frozen_fits(["three_masses_six"])
    data, question = data_of(case), question_of(**case.options)
    model, treatment = problem_of(
        data.experiment, question, question.hypotheses(data.assumptions.nature)[0], 0.02
    )
    return Setup.of(model, treatment), case.observation.counts


def by_force(setup: Setup, counts: FloatArray, theta: FloatArray) -> float:
    """−2 ln L where differential evolution ends: it knows of no kinks, cells or slopes."""

    def q(x: FloatArray) -> FloatArray:
        # older versions end with one point that is no column
        columns = x.reshape(len(x), -1)
        rows = np.repeat(theta[None], columns.shape[1], axis=0)
        found = Problem.of(setup, np.repeat(counts[None], columns.shape[1], axis=0), rows)
        values = found.likelihood().value(columns)
        return values if x.ndim == 2 else values[0]

    bounds = [REACH[name] for name in setup.names]
    return float(
        differential_evolution(
            q, bounds, vectorized=True, updating="deferred", popsize=40, maxiter=200, seed=1, tol=1e-10
        ).fun
    )


def test_a_held_mass_has_the_minimum_of_a_brute_search() -> None:
    """Fits that were led by their neighbours said more than 1 here, and half of an interval was lost."""
    setup, counts = six_frequencies()
    best = lowest_over_cells(setup, counts, setup.theta[None]).q[0]
    rest = setup.without("m1_eV")
    held = np.array([0.0135, 0.018, 0.0245])
    theta = np.tile(setup.theta, (len(held), 1))
    theta[:, setup.index("m1_eV")] = held
    found = lowest_over_cells(rest, counts, theta)
    assert np.all(found.q - best < 0.7)
    assert found.q[0] <= by_force(rest, counts, theta[0]) + 1e-6


def test_minima_do_not_depend_on_where_masses_stand() -> None:
    """With 16 starts of few steps the deepest of three valleys was missed from the first of these."""
    setup, counts = six_frequencies()
    theta = np.tile(setup.theta, (3, 1))
    theta[:, setup.free[:3]] = [[0.01974604, 0.0215408, 0.05382291], [0.0, 0.0, 0.0], [0.04, 0.01, 0.1]]
    for row in theta:
        assert lowest_over_cells(setup, counts, row[None]).q[0] == pytest.approx(1.384, abs=1e-3)


def test_three_masses_on_kinks_need_descents(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: Newton steps alone stop on a kink, above what its pieces have."""
    setup, counts = six_frequencies()
    theta = np.tile(setup.theta, (2, 1))
    theta[:, setup.index("m1_eV")] = [0.016, 0.049]
    found = lowest_over_cells(setup.without("m1_eV"), counts, theta)
    monkeypatch.setattr(cells, "over_pieces", lambda setup, kinked, counts, fits, is_local: fits)
    without = lowest_over_cells(setup.without("m1_eV"), counts, theta)
    assert np.all(without.q > found.q + 1e-4)


def test_followed_fits_end_where_searched_ones_do() -> None:
    setup, counts = six_frequencies()
    column, rest = setup.index("m1_eV"), setup.without("m1_eV")
    theta = np.tile(setup.theta, (3, 1))
    theta[:, column] = [0.0135, 0.018, 0.0245]
    start = lowest_over_cells(rest, counts, theta)
    start.theta[:, column] += 1e-4
    searched = lowest_over_cells(rest, counts, start.theta)
    assert followed(rest, counts, [start]).q == pytest.approx(searched.q, abs=2e-3)


TWELVE = """
[run]
name = "twelve"
seed = 105
[target]
volume_cm3 = 3381.2132386782873
[neutrino]
ordering = "inverted"
nature = "dirac"
lightest_mass_eV = 0.03113
[laser]
linewidth_eV = 1e-07
settling_s = 60.0
[[laser.scan]]
start_eV = 1.0653984338387144
stop_eV = 1.0707098953944927
points = 10
total_duration_s = 998759.1895865838
[[laser.scan]]
start_eV = 1.0713519155004263
stop_eV = 1.0716283432954077
points = 2
total_duration_s = 998759.1895865838
[detector]
efficiency = 0.4
energy_window_eV = [0.9, 1.2]
[[background]]
name = "dark"
kind = "dark_counts"
rate_hz = 1e-4
error_rel = 0.1
"""


def test_cells_without_early_starts_miss_a_minimum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: divided cells alone end in one valley, and of m3 = 25.09 meV it is not the deepest."""
    (tmp_path / "twelve.toml").write_text(TWELVE)
    experiment = Experiment.of(load(tmp_path / "twelve.toml"))
    question = Question(masses=Masses.THREE)
    model, treatment = problem_of(experiment, question, question.hypotheses(Nature.DIRAC)[0], 0.02)
    setup = Setup.of(model, treatment)
    counts = np.array([178, 203, 188, 146, 150, 123, 71, 73, 55, 39, 44, 45])
    theta = setup.theta[None].copy()
    theta[0, setup.index("m3_eV")] = 0.02509127684
    rest = setup.without("m3_eV")
    found = lowest_over_cells(rest, counts, theta).q[0]
    assert found == pytest.approx(17.048, abs=2e-3)
    monkeypatch.setattr(cells, "EARLY_STARTS", 0)
    assert lowest_over_cells(rest, counts, theta).q[0] > found + 0.1


@pytest.mark.parametrize(
    ("seed", "name", "weak"), [(17, "EARLY", 1), (17, "ITERATIONS", 6), (0, "STARTS", 1)], ids=str
)
def test_fewer_starts_and_steps_end_above(
    seed: int, name: str, weak: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts of random masses, m1 held: as low as a brute search, and the twins are not."""
    setup, _ = six_frequencies()
    rng, truth = np.random.default_rng(seed), setup.theta.copy()
    truth[setup.free[:3]] = rng.uniform(0.0, 0.06, 3)
    counts, rest = rng.poisson(setup.model.expected(truth)).astype(float), setup.without("m1_eV")
    theta = np.tile(setup.theta, (3, 1))
    theta[:, setup.index("m1_eV")] = truth[setup.index("m1_eV")] + np.array([-5e-3, 0.0, 5e-3])
    found = lowest_over_cells(rest, counts, theta).q
    assert found[1] <= by_force(rest, counts, theta[1]) + 1e-6
    monkeypatch.setattr(cells, name, weak)
    assert np.max(lowest_over_cells(rest, counts, theta).q - found) > 1e-5
