"""Fits of rows of a profile where there is nothing to be found."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.search import axis, profiler
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.app.fitting import problem_of
from renp_sim.arrays import FloatArray
from renp_sim.cli.fit_options import question_of
from tests.analysis.frozen_fits import data_of, frozen_fits
from tests.analysis.toy_models import Onsets, ShiftedOnsets


def test_rows_that_no_piece_allows_stay_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts where nothing ever is expected; the twin tells what memory held before."""
    model = Onsets(thresholds=np.array([[0.25], [1.0], [-1.0]]), weights=np.array([30.0]))
    setup, counts = Setup.of(model, free=("mass", "norm")), np.array([10.0, 20.0, 1.0])
    theta = np.array([[0.3, 1.0, 0.0], [0.7, 1.1, 0.0]])
    found = Profiler.of(setup, counts).lowest(theta)
    assert_array_equal(found.theta, theta)
    assert_array_equal(found.status, Status.IMPOSSIBLE)
    assert np.all(np.isinf(found.q))

    def anywhere(theta: FloatArray) -> Solution:
        none = Minimum.empty(1, len(theta))
        return Solution(theta=theta + np.inf, q=none.q + np.inf, status=none.status, calls=none.calls)

    monkeypatch.setattr(Solution, "nowhere", anywhere)
    assert np.all(np.isinf(Profiler.of(setup, counts).lowest(theta).theta))


OFFSETS = ShiftedOnsets(
    thresholds=np.linspace(0.5, 1.0, 12)[:, None] + np.array([0.0, 0.11]), weights=np.ones(2), error=0.06
)


def rows_with_an_offset(strength: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """−2 ln L of rows with a mass held; that of the model where they end, and its least on a dense grid."""
    model = replace(OFFSETS, strength=strength)
    setup = Setup.of(model, free=("mass",), constrain={"offset": None})
    counts = np.random.default_rng(2).poisson(model.expected(np.array([0.3, 0.2]))).astype(float)
    masses = np.linspace(0.0, 0.8, 9)
    found = Profiler.of(setup, counts, ("mass",)).lowest(np.stack([masses, np.zeros(9)], axis=1))

    def q(theta: FloatArray) -> FloatArray:
        pull = theta[..., 1] / model.error
        return np.asarray(np.sum(poisson_deviance(counts, model.expected(theta)), axis=-1) + pull**2)

    grid = np.stack(np.broadcast_arrays(masses[:, None], np.linspace(-0.6, 0.6, 10_001)), axis=-1)
    return found.q, q(found.theta), np.min(q(grid), axis=1)


@pytest.mark.parametrize("strength", [3.0, 30.0, 300.0])
def test_rows_with_an_offset_have_what_the_model_has(
    strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To 1e-6, and none is above a dense grid; the twin has half of the nodes."""
    found, of_model, on_grid = rows_with_an_offset(strength)
    assert_allclose(found, of_model, rtol=0, atol=1e-6)
    assert np.all(of_model < on_grid + 1e-6)
    monkeypatch.setattr(profiler, "WINDOW_NODES", profiler.WINDOW_NODES // 2)
    found, of_model, _ = rows_with_an_offset(strength)
    assert np.max(np.abs(found - of_model)) > 2e-6


def test_a_window_with_a_kink_needs_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin takes any series for one that ends."""
    monkeypatch.setattr(axis, "TAIL", np.inf)
    found, of_model, on_grid = rows_with_an_offset(30.0)
    assert np.max(np.abs(found - of_model)) > 0.05
    assert np.max(of_model - on_grid) > 1.0


def test_fits_that_ask_the_model_need_their_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets of every step and a common one: brute force knows the minimum; the twin has half of them."""
    (case,) = frozen_fits(["offset_per_step"])
    assert case.brute is not None
    data, question = data_of(case), question_of(**case.options)
    (inverted,) = (h for h in question.hypotheses(data.assumptions.nature) if h.ordering == "inverted")
    setup, counts = Setup.of(*problem_of(data.experiment, question, inverted, 0.02)), case.observation.counts
    theta = np.tile(setup.theta, (41, 1))
    theta[:, setup.index("lightest_mass_eV")] = np.linspace(0.009, 0.011, 41)
    above = Profiler.of(setup, counts, ("lightest_mass_eV",)).lowest(theta).q
    above -= case.brute["inverted/dirac"]["minus_two_ln_L"]
    assert -1e-6 < np.min(above) < 0.01
    monkeypatch.setattr(profiler, "ITERATIONS", 12)
    twin = Profiler.of(setup, counts, ("lightest_mass_eV",)).lowest(theta).q
    assert np.min(twin) > case.brute["inverted/dirac"]["minus_two_ln_L"] + 1.0


def test_kinks_that_rounding_parts_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each threshold twice, but for its last bit; the twin has a piece between the two."""
    thresholds = np.linspace(0.5, 1.0, 12)
    model = replace(OFFSETS, thresholds=np.stack([thresholds, np.nextafter(thresholds, 2.0)], axis=1))
    setup = Setup.of(model, free=("mass",), constrain={"offset": None})
    rest, theta = setup.without("mass"), np.array([[0.3, 0.0]])
    lattice = axis.lattice_without(rest, "offset")
    assert lattice is not None
    table = axis.Axis(rest=rest, name="offset", lattice=lattice)
    inside = thresholds - 0.3**2 < axis.reach_of(rest, "offset")[1]
    assert len(table.pieces(theta, np.array([0])).owner) == np.sum(inside) + 1
    monkeypatch.setattr(axis, "NARROWEST", 0.0)
    assert len(table.pieces(theta, np.array([0])).owner) > np.sum(inside) + 1
