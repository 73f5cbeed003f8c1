"""What the search of minima is made of: points, scans, tables, pieces."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.likelihood.constraint import ConstraintTerms
from renp_sim.analysis.likelihood.piece import Piece
from renp_sim.analysis.likelihood.poisson import Likelihood, poisson_deviance
from renp_sim.analysis.likelihood.polynomial_mean import polynomial_mean
from renp_sim.analysis.minimise.ldl import solve_positive
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.model import Constraint
from renp_sim.analysis.search.grid import bent_centre, coupling_points, kinked_points
from renp_sim.analysis.search.lookup import Table
from renp_sim.analysis.search.scan import ScanTable
from renp_sim.analysis.search.search import scan_table, search
from tests.analysis.toy_models import TwoOnsets, interference, orderings, profile_fits, squared, with_control


def test_points_of_a_kinked_parameter_hold_kinks_ends_and_what_lies_between() -> None:
    model = orderings()["normal"]
    setup = Setup.of(model, free=("mass",))
    points, is_kink = kinked_points(setup, "mass")
    kinks = model.kinks("mass", setup.theta)
    assert_array_equal(points[is_kink], kinks)
    assert (points[0], points[-1]) == (0.0, 2.0)
    assert np.all(np.diff(points) > 0)
    for low, high in zip([0.0, *kinks], [*kinks, 2.0], strict=True):
        assert np.sum((points > low) & (points < high)) >= 1
    inside, _ = kinked_points(setup, "mass", lower=0.3, upper=0.8)
    assert (inside[0], inside[-1]) == (0.3, 0.8)


def test_kinks_within_rounding_are_one() -> None:
    model = replace(orderings()["normal"], thresholds=np.array([[0.25, 0.25 * (1 + 1e-15), 0.5]] * 6))
    points, is_kink = kinked_points(Setup.of(model, free=("mass",)), "mass")
    assert np.sum(is_kink) == 2
    assert np.min(np.diff(points)) > 1e-6


def test_points_of_a_coupling_cover_what_toys_want() -> None:
    model = interference()
    setup = Setup.of(model, free=("x",))
    counts = np.random.default_rng(2).poisson(model.expected(np.array([1.5, 1, 1])), (5000, 6)).astype(float)
    points = coupling_points(setup, "x", counts)
    best = search(setup, counts).theta[:, 0]
    assert np.mean((best > points[0]) & (best < points[-1])) > 0.999
    assert np.all(np.diff(points) > 0)
    total = model.expected(np.stack([points, np.ones_like(points), np.ones_like(points)], axis=1)).sum(axis=1)
    centre = bent_centre(setup, "x")
    assert total[np.argmin(np.abs(points - centre))] == total.min()


def test_scan_of_asimov_counts_at_rest_stays_there() -> None:
    model = with_control()
    setup = Setup.of(model, free=("x", "norm", "background"))
    x = np.array([-1.0, 0.0, 0.7])
    table = ScanTable.of(setup, {"x": x}, setup.free)
    for i, value in enumerate(x):
        counts = model.expected(np.array([[value, 1.0, 1.0]]))
        scan = table.scan(setup, counts.T, ConstraintTerms.of(setup.constraints))
        assert_allclose(scan.q[i], 0.0, atol=1e-10)
        assert_allclose(scan.x[i, 1:, 0], 1.0, atol=1e-10)


def test_scan_with_nothing_else_free_is_the_deviance() -> None:
    model = interference()
    setup = Setup.of(model, free=("x",), constrain={})
    counts = np.random.default_rng(2).poisson(model.expected(np.array([1.5, 1, 1])), (20, 6)).astype(float)
    table = scan_table(setup, counts)
    scan = table.scan(setup, counts.T, ConstraintTerms.of(setup.constraints))
    deviance = poisson_deviance(counts[None], table.mu[:, None]).sum(axis=-1)
    assert_allclose(scan.q, deviance, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("randomised", [False, True])
def test_scan_is_never_below_the_fit_and_close_to_it(randomised: bool) -> None:
    """One step of least squares from the truth: within 0.2 of the profile of 20 counts a step."""
    model = with_control()
    known = {"norm": Constraint(value=1.0, error=0.2)}
    setup = Setup.of(model, free=("x", "background"), constrain=known)
    rng = np.random.default_rng(4)
    counts = rng.poisson(model.expected(np.array([0.5, 1, 1])), (25, 8)).astype(float)
    values = np.ones((25, 3))
    values[:, 1] = rng.normal(1, 0.2, 25)
    terms = ConstraintTerms.of(setup.constraints, values if randomised else None)
    table = ScanTable.of(setup, {"x": np.array([0.0, 0.5, 1.0])}, setup.free)
    scan = table.scan(setup, counts.T, terms)
    for toy in range(25):
        own = known | ({"norm": Constraint(value=values[toy, 1], error=0.2)} if randomised else {})
        alone = Setup.of(model, free=("x", "background"), constrain=own)
        fits = profile_fits(alone, counts[toy], ("x",), table.points)
        assert np.all(scan.q[:, toy] >= fits.q - 1e-6)
        assert np.all(scan.q[:, toy] <= fits.q + 0.2)


def test_table_reads_off_what_newton_finds() -> None:
    for model, name, truth in (
        (interference(), "x", 1.2),
        (squared(), "x", 1.2),
        (with_control(), "background", 0.0),
    ):
        setup = Setup.of(model, free=(name,))
        mu = model.expected(np.array([truth, 1.0, 1.0]))
        counts = np.random.default_rng(5).poisson(mu, (3000, len(mu))).astype(float)
        read = search(setup, counts)
        likelihood = Likelihood(
            counts=counts.T,
            mean=polynomial_mean(model, (name,), setup.theta),  # type: ignore[arg-type]
            terms=ConstraintTerms.of((None,)),
        )
        bounds = setup.lower[:, None], setup.upper[:, None]
        fits = [minimise(likelihood, np.array([[x]]), *bounds).q for x in (-3.0, -1.5, 0.3, 1.5)]
        assert_allclose(read.q, np.min(fits, axis=0), atol=5e-6)
        assert np.all(read.status == Status.CONVERGED)
        assert np.median(read.calls) == 2, "most are read off, not fitted"


def test_table_knows_a_constraint() -> None:
    model = with_control()
    setup = Setup.of(model, constrain={"background": Constraint(value=0.8, error=0.05)})
    counts = np.random.default_rng(5).poisson(model.expected(np.array([0, 1, 1])), (500, 8)).astype(float)
    read = search(setup, counts)
    terms = ConstraintTerms.of(setup.constraints)
    mean = polynomial_mean(model, setup.names, setup.theta)
    assert mean is not None
    fits = minimise(Likelihood(counts=counts.T, mean=mean, terms=terms), np.array([[1.0]]), *bounds_of(setup))
    assert_allclose(read.q, fits.q, atol=1e-6)
    assert np.abs(read.theta[:, 2] - 0.8).mean() < 0.1


def bounds_of(setup: Setup) -> tuple[np.ndarray, np.ndarray]:
    return setup.lower[:, None], setup.upper[:, None]


def test_no_table_where_the_expectation_vanishes() -> None:
    model = replace(interference(), d=np.zeros(6))
    mean = polynomial_mean(model, ("norm",), np.array([0.0, 1.0, 1.0]))
    assert mean is not None
    none = ConstraintTerms.of((None,))
    assert Table.of(mean, none, np.linspace(-1, 0, 9), -np.inf) is None
    table = Table.of(mean, none, np.linspace(-1, 1, 9), -np.inf)
    assert table is not None
    assert_array_equal(table.points, [0.25, 0.5, 0.75, 1.0])


def test_warp_and_its_derivatives() -> None:
    piece = Piece(position=0, low=np.array([0.2, 1.0]), high=np.array([0.5, 4.0]))
    u = np.array([0.3, 0.9])
    assert_allclose(piece.inverse(piece.parameter(u)), u)
    h = 1e-6
    assert_allclose(piece.slope(u), (piece.parameter(u + h) - piece.parameter(u - h)) / (2 * h), rtol=1e-7)
    assert_allclose(piece.bend(u), (piece.slope(u + h) - piece.slope(u - h)) / (2 * h), rtol=1e-7)
    # ends are kinks, so they must be hit to the last bit
    assert_array_equal(piece.parameter(np.array([0.0, 1.0])), [0.2, 4.0])
    assert_array_equal(piece.parameter(np.array([1.0, 0.0])), [0.5, 1.0])


def test_solutions_of_linear_equations() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(4, 4, 10))
    matrix = np.einsum("pkb,qkb->pqb", root, root)
    right = rng.normal(size=(4, 10))
    solution, positive = solve_positive(matrix, right)
    assert np.all(positive)
    assert_allclose(np.einsum("pqb,qb->pb", matrix, solution), right, atol=1e-8)
    matrix[:, 2, 3] = matrix[2, :, 3] = 0.0
    solution, positive = solve_positive(matrix, right)
    assert_array_equal(np.flatnonzero(~positive), [3])
    assert solution[2, 3] == 0
    assert np.all(np.isfinite(solution))


def test_rows_that_rest_elsewhere_are_fitted_as_if_alone() -> None:
    model = replace(orderings()["normal"], d=1.0)
    setup = Setup.of(model, free=("mass", "background"))
    counts = np.random.default_rng(6).poisson(model.expected(np.array([0.5, 1, 1])), (1, 6)).astype(float)
    norms = np.array([0.7, 1.0, 1.4])
    theta = np.tile(setup.theta, (3, 1))
    theta[:, 1] = norms
    together = search(setup, np.repeat(counts, 3, axis=0), theta=theta)
    alone = [search(setup.moved(row), counts).q[0] for row in theta]
    assert_allclose(together.q, alone, atol=1e-6)


def test_two_kinked_parameters_are_found_together() -> None:
    """Never above the lowest point of a grid of half a million by more than fits may differ."""
    model = TwoOnsets(thresholds=np.linspace(0.2, 1.4, 9))
    setup = Setup.of(model, free=("m1", "m2"))
    grid = np.stack(np.meshgrid(*[np.linspace(0.1, 1.5, 701)] * 2, indexing="ij"), axis=-1)
    mu = model.expected(grid)
    for truth in ([0.5, 0.8], [0.8, 0.5], [0.4, 1.3]):
        counts = np.random.default_rng(7).poisson(model.expected(np.array(truth))).astype(float)
        brute = 2 * (mu - counts * np.log(mu)).sum(axis=-1)
        lowest = brute.min() + 2 * np.sum(
            np.where(counts > 0, counts * (np.log(np.maximum(counts, 1)) - 1), 0)
        )
        found = search(setup, counts[None])
        assert found.q[0] <= lowest + 0.01
