"""The mean at many points at once is that of the model, and so are its derivatives."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.piece import Piece
from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import Onsets, ShiftedOnsets, with_control

ROWS = np.array([[0.7, 1.1, 0.8], [-0.4, 0.6, 1.3], [2.0, 1.0, 1.0]])


def in_rows() -> tuple[RowMean, FloatArray]:
    """Return the mean with all three parameters fitted, and x (f, b)."""
    model = with_control()
    setup = Setup.of(model, free=("x", "norm", "background"))
    lattice = Lattice.of(model, setup.names, ROWS[:1], setup.scale)
    assert lattice is not None
    return RowMean.of(model, ROWS, setup.free, lattice), ROWS.T.copy()


def in_piece(n_nodes: int = 32) -> tuple[RowMean, FloatArray, FloatArray]:
    """Return the mean with an offset in its piece, u (1, b), and the size of the end of the series."""
    model = ShiftedOnsets(
        thresholds=np.array([[0.5, 0.2], [0.3, 0.1]]), weights=np.array([1.0, 0.5]), error=0.01
    )
    theta = np.array([[0.4, 0.0], [0.45, 0.0]])
    lattice = Lattice.of(model, (), theta, np.empty(0))
    assert lattice is not None
    piece = Piece(position=0, low=np.array([-0.05, -0.02]), high=np.array([0.04, 0.02]))
    mean, sizes = RowMean.in_pieces(model, theta, np.empty(0, dtype=np.intp), lattice, piece, 1, n_nodes)
    return mean, np.array([[0.3, 0.8]]), np.max(sizes[-2:], axis=0)


def test_values_are_those_of_the_model() -> None:
    mean, x = in_rows()
    assert_allclose(mean.value(x), with_control().expected(ROWS).T, rtol=1e-12)


@pytest.mark.parametrize("made", [in_rows, in_piece])
def test_derivatives_are_those_of_the_values(made: object) -> None:
    mean, x = made()[:2]  # type: ignore[operator]
    slope, weight = np.random.default_rng(5).normal(size=(2, *mean.value(x).shape))
    gradient, hessian = mean.derivatives(x, slope, weight)
    h = 1e-5
    for p in range(len(x)):
        up, down = x.copy(), x.copy()
        up[p] += h
        down[p] -= h
        expected = np.sum(slope * (mean.value(up) - mean.value(down)), axis=0) / (2 * h)
        assert_allclose(gradient[p], expected, rtol=1e-6, atol=1e-6)
        above, below = (mean.derivatives(at, slope, 0 * weight)[0] for at in (up, down))
        bent = (above - below) / (2 * h)
        assert_allclose(hessian[p] - mean.gram(x, weight)[p], bent, rtol=1e-5, atol=1e-5)


def test_a_piece_with_a_kink_inside_has_a_series_that_does_not_end() -> None:
    """The pieces here hold no kink at 0.4 and one at 0.45: 0.2 − 0.2025 opens within the offset's reach."""
    tail = in_piece()[2]
    assert tail[0] > 1e-3 or tail[1] > 1e-3
    model = ShiftedOnsets(thresholds=np.array([[0.5], [0.3]]), weights=np.array([1.0]), error=0.01)
    theta = np.array([[0.4, 0.0]])
    lattice = Lattice.of(model, (), theta, np.empty(0))
    assert lattice is not None
    piece = Piece(position=0, low=np.array([-0.05]), high=np.array([0.05]))
    _, smooth = RowMean.in_pieces(model, theta, np.empty(0, dtype=np.intp), lattice, piece, 1, 32)
    assert np.max(smooth[-2:]) < 1e-9


def test_the_ripple_of_a_series_is_nowhere_below_nothing() -> None:
    """A step that sees nothing and has no background would be impossible there, and fits crept along it."""
    threshold = np.array([[0.2]])
    model = ShiftedOnsets(thresholds=threshold, weights=np.array([1.0]), error=0.01, background=0.0)
    theta = np.array([[0.45, 0.0]])
    lattice = Lattice.of(model, (), theta, np.empty(0))
    assert lattice is not None
    piece = Piece(position=0, low=np.array([-0.02]), high=np.array([0.02]))
    mean, _ = RowMean.in_pieces(model, theta, np.empty(0, dtype=np.intp), lattice, piece, 1, 32)
    assert min(np.min(mean.value(np.array([[u]]))) for u in np.linspace(0.0, 1.0, 101)) == 0.0


def test_a_point_is_the_same_in_any_company() -> None:
    """A signal that is rounding of its background stays so beside one that is not; twin: another size."""

    def mean_of(strength: float, *masses: float) -> FloatArray:
        model = Onsets(thresholds=np.array([[1.0]]), weights=np.array([1.0]), strength=strength, d=1.0)
        setup = Setup.of(model, free=("norm",), fix={"mass": None, "background": None})
        theta = np.array([[mass, 1.0, 1.0] for mass in masses])
        lattice = Lattice.of(model, ("norm",), theta[:1], setup.scale)
        assert lattice is not None
        mean = RowMean.of(model, theta, setup.free[:1], lattice)
        return mean.value(np.full((1, len(theta)), 1e16))[:, -1]

    almost = float(np.sqrt(1 - 1e-15))
    assert_allclose(mean_of(1e-7, almost), 1.0, rtol=1e-12)
    assert_allclose(mean_of(1e-7, 0.0, almost), mean_of(1e-7, almost), rtol=1e-12)
    assert np.all(mean_of(1.0, 0.0, almost) > 1e6)
