import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.batch import fit_batch
from renp_sim.analysis.likelihood import chebyshev_mean
from renp_sim.analysis.likelihood.chebyshev_mean import PieceMean
from renp_sim.analysis.likelihood.piece import MeanInPiece, Piece
from renp_sim.analysis.search.axis import lattice_without
from renp_sim.analysis.search.problem import Problem
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import Onsets, orderings


def heavy() -> Onsets:
    return replace(orderings()["normal"], d=3.0, strength=60.0)


def piece_mean(setup: Setup, low: float, high: float) -> PieceMean | None:
    lattice = lattice_without(setup, setup.names[0])
    assert lattice is not None
    return PieceMean.of(setup, 0, low, high, lattice)


def both(setup: Setup, low: float, high: float, n_toys: int) -> tuple[PieceMean, MeanInPiece]:
    """Return the mean of a piece by series and by the model."""
    series = piece_mean(setup, low, high)
    assert series is not None
    ends = {"low": np.full(n_toys, low), "high": np.full(n_toys, high)}
    inner = Problem.of(setup, np.zeros((n_toys, 6))).model_mean()
    return series, MeanInPiece(inner=inner, piece=Piece(position=0, **ends))


def test_series_says_what_the_model_says_in_every_piece() -> None:
    setup = Setup.of(heavy(), free=("mass", "norm", "background"))
    ends = np.unique([0.0, *heavy().kinks("mass", setup.theta), 2.0])
    x = np.array([[0.02, 0.4, 0.6, 0.98], [0.5, 1.0, 1.3, 0.9], [0.0, 0.8, 1.0, 2.0]])
    slope, weight = np.random.default_rng(1).normal(size=(2, 6, 4))
    for low, high in itertools.pairwise(ends):
        series, model = both(setup, low, high, 4)
        assert_allclose(series.value(x), model.value(x), rtol=1e-7, atol=1e-7)
        gradient, hessian = series.derivatives(x, slope, weight)
        expected_gradient, expected_hessian = model.derivatives(x, slope, weight)
        assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-4)
        # the model's second derivatives are differences over 1e-5
        assert_allclose(hessian, expected_hessian, rtol=1e-3, atol=1e-3 * np.abs(hessian).max())
        assert_allclose(series.gram(x, weight), model.gram(x, weight), rtol=1e-4, atol=1e-3)


def test_a_step_that_sees_nothing_has_exactly_nothing() -> None:
    """Rounding below 0 would make counts of 0 impossible."""
    setup = Setup.of(heavy(), free=("mass", "norm", "background"))
    series, _ = both(setup, 0.9, 0.92, 2)
    mu = series.value(np.array([[0.3, 0.7], [1.1, 0.97], [0.0, 0.0]]))
    closed = heavy().expected(np.array([0.91, 1.0, 0.0])) == 0
    assert np.any(closed)
    assert np.all(mu[closed] == 0)
    assert np.all(mu[~closed] > 0)


def test_a_kink_inside_the_piece_is_refused() -> None:
    setup = Setup.of(heavy(), free=("mass", "norm"))
    kink = heavy().kinks("mass", setup.theta)[3]
    assert piece_mean(setup, kink - 0.05, kink + 0.05) is None


class Wave(Onsets):
    """An even function of the mass about the middle of its piece."""

    def _roots(self, mass: FloatArray) -> FloatArray:
        return (2 + np.cos(60 * (mass - 1)))[..., None, None]


def test_a_last_term_that_vanishes_does_not_end_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second term of an even function is 0; twin: only the last one is asked."""
    model = Wave(thresholds=np.array([[4.0]]), weights=np.array([1.0]), strength=100.0)
    setup = Setup.of(model, free=("mass", "norm"))
    assert piece_mean(setup, 0.0, 2.0) is None
    monkeypatch.setattr(chebyshev_mean, "LAST_TERMS", 1)
    assert piece_mean(setup, 0.0, 2.0) is not None


@pytest.mark.parametrize("free", [("mass",), ("mass", "norm"), ("mass", "norm", "background")])
def test_fits_do_not_depend_on_it(free: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    model = heavy()
    counts = np.random.default_rng(4).poisson(model.expected(np.array([0.8, 1, 1])), size=(200, 6))
    by_series = fit_batch(counts, {"m": model}, free=free)
    monkeypatch.setattr("renp_sim.analysis.search.pieces.ENOUGH", 10**9)
    by_model = fit_batch(counts, {"m": model}, free=free)
    difference = (by_series.q - by_model.q)[:, 0]
    assert np.median(np.abs(difference)) < 1e-7
    assert np.max(difference) < 1e-5
    assert np.mean(difference < -1e-5) <= 0.02  # differences of the model's slope may end a fit early
