"""What floats, and the messages for what cannot."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Constraint, Parameter
from renp_sim.errors import ConfigError
from tests.analysis.toy_models import interference, orderings, squared

TIGHT = Constraint(value=0.7, error=0.1)


def test_each_parameter_has_one_role() -> None:
    model = orderings()["normal"]
    setup = Setup.of(model, free=("mass",), fix={"background": 2.0}, constrain={"norm": None})
    assert setup.names == ("mass", "norm")
    assert setup.constraints == (None, model.norm.constraint)
    assert_array_equal(setup.theta, [0.5, 1.0, 2.0])
    assert setup.searched == ("mass",)
    assert setup.bent == ()


def test_a_given_constraint_moves_the_start_into_the_bounds() -> None:
    model = replace(interference(), norm=Parameter(name="norm", value=1.0, lower=0.8, upper=2.0))
    setup = Setup.of(model, constrain={"norm": TIGHT})
    assert setup.theta[1] == 0.8


def test_a_constraint_around_what_cannot_be_is_refused() -> None:
    """Around 0 it can, and below 0 what may be negative."""
    negative, zero = (Constraint(value=value, error=0.1) for value in (-0.2, 0.0))
    for lower in (0.0, 0.1):
        model = replace(interference(), norm=Parameter(name="norm", value=1.0, lower=lower))
        with pytest.raises(ConfigError, match=r"^constrain norm = -0\.2: cannot be negative"):
            Setup.of(model, constrain={"norm": negative})
        assert Setup.of(model, constrain={"norm": zero}).theta[1] == lower
    model = replace(interference(), norm=Parameter(name="norm", value=1.0))
    assert Setup.of(model, constrain={"norm": negative}).theta[1] == -0.2


def test_free_drops_the_models_own_constraint() -> None:
    setup = Setup.of(orderings()["normal"], free=("norm",))
    assert setup.constraints == (None,)


def test_couplings_that_enter_squared_are_known_even_where_the_norm_is_fitted_to_zero() -> None:
    setup = Setup.of(squared(), free=("x", "norm"))
    assert setup.bent == ("x",)
    assert setup.moved(np.array([0.0, 0.0, 1.0])).bent == ("x",)
    assert setup.without("x").bent == ()


def test_a_nuisance_with_a_kink_is_not_searched() -> None:
    """A parameter that the model itself constrains moves by its errors only."""
    model = orderings()["normal"]
    known = replace(model, mass=replace(model.mass, constraint=TIGHT))
    assert Setup.of(known, constrain={"mass": None}).searched == ()
    assert Setup.of(model, constrain={"mass": TIGHT}).searched == ("mass",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"free": ("nrom",)}, "nrom: no such parameter of the model; did you mean 'norm'?"),
        ({"fix": {"zzz": 1.0}}, "zzz: no such parameter of the model; known: background, norm, x"),
        ({"free": ("x",), "fix": {"x": 1.0}}, "x: given twice; it is either free, fixed or constrained"),
        ({"fix": {"norm": -1.0}}, r"fix norm = -1: must lie in \[0, inf\]"),
        ({"constrain": {"x": None}}, "constrain x: the model states no error of it; give value and error"),
    ],
)
def test_mistakes_are_named(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Setup.of(interference(), **options)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        Setup.of(interference(), free=("a", "b"), fix={"norm": -1.0})
    assert len(error.value.problems) == 3
