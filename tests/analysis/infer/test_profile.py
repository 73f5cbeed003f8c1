"""Profiles: every point a fit of all others, kinks among the points."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.model import Constraint
from renp_sim.analysis.search.grid import kinked_points
from renp_sim.analysis.search.search import search
from tests.analysis.reference_fit import reference_fit
from tests.analysis.toy_models import interference, observation, orderings, with_control

COUNTS = np.array([31.0, 29.0, 21.0, 20.0, 11.0, 5.0, 22.0, 17.0])
MASS_COUNTS = np.array([1.0, 2.0, 9.0, 13.0, 22.0, 35.0])


def test_every_point_is_the_fit_of_the_others() -> None:
    model = with_control()
    known = {"norm": Constraint(value=1.0, error=0.1)}
    x = np.linspace(-3, 2, 7)
    found = profile(observation(COUNTS), model, {"x": x}, free=("background",), constrain=known)
    for value, q in zip(x, found.q, strict=True):
        setup = Setup.of(model, free=("background",), fix={"x": value}, constrain=known)
        assert_allclose(q, reference_fit(setup, COUNTS, [1.0])[0], atol=1e-5)
    assert np.all(found.delta_q >= 0)


def test_profile_over_a_constrained_parameter_holds_its_term() -> None:
    model = with_control()
    known = {"norm": Constraint(value=1.0, error=0.1)}
    found = profile(observation(COUNTS), model, {"norm": [1.2]}, free=("background",), constrain=known)
    setup = Setup.of(model, free=("background",), fix={"norm": 1.2})
    assert_allclose(found.q[0], search(setup, COUNTS[None]).q[0] + 4.0, atol=1e-9)


def test_two_parameters_span_a_grid() -> None:
    model = with_control()
    axes = {"x": np.linspace(-1, 1, 3), "norm": np.linspace(0.7, 1.2, 4)}
    found = profile(observation(COUNTS), model, axes, free=("background",))
    assert found.q.shape == (3, 4)
    assert found.theta.shape == (3, 4, 3)
    assert_allclose(found.theta[2, 1, :2], [1.0, axes["norm"][1]])
    one = profile(observation(COUNTS), model, {"x": axes["x"]}, free=("norm", "background"))
    assert np.all(found.q.min(axis=1) >= one.q - 1e-6)


def test_profile_over_a_kinked_parameter_is_exact_at_kinks() -> None:
    model = replace(orderings()["normal"], d=1.0)
    setup = Setup.of(model, free=("mass", "norm"))
    points, kinks = kinked_points(setup, "mass")
    assert set(model.kinks("mass", setup.theta)) <= set(points)
    assert np.sum(kinks) == len(model.kinks("mass", setup.theta))
    found = profile(observation(MASS_COUNTS), model, {"mass": points}, free=("norm",))
    for i in (0, 7, 20, len(points) - 1):
        fixed = Setup.of(model, free=("norm",), fix={"mass": points[i]})
        assert_allclose(found.q[i], reference_fit(fixed, MASS_COUNTS, [1.0])[0], atol=1e-5)


def test_profile_with_a_kinked_parameter_free_is_the_lowest_over_it() -> None:
    model = replace(orderings()["normal"], d=1.0)
    norms = np.array([0.6, 0.9, 1.3])
    found = profile(observation(MASS_COUNTS), model, {"norm": norms}, free=("mass", "background"))
    for value, q in zip(norms, found.q, strict=True):
        fixed = Setup.of(model, free=("mass", "background"), fix={"norm": value})
        assert_allclose(q, reference_fit(fixed, MASS_COUNTS, [])[0], atol=1e-4)


def test_one_or_two_parameters() -> None:
    with pytest.raises(ValueError, match="one or two parameters, got 3"):
        profile(observation(COUNTS), interference(), {"x": [1], "norm": [1], "background": [1]})
