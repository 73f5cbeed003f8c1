"""Options of `fit`: what cannot be meant gets a line that says how to write it."""

from types import SimpleNamespace
from typing import Any

import pytest

from renp_sim.analysis.model import Constraint, Parameter, Shape
from renp_sim.app.question import Floating, question_of
from renp_sim.errors import ConfigError

MODEL: Any = SimpleNamespace(parameters=(Parameter(name="normalisation", value=1.0),))


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ({"normalisation": "some"}, "--normalisation some: write fixed, free, or"),
        ({"normalisation": "0%"}, "--normalisation 0%: write fixed, free, or"),
        ({"normalisation": "-5"}, "--normalisation -5: write fixed, free, or"),
        ({"normalisation": "nan"}, "--normalisation nan: write fixed, free, or"),
        ({"fix": ["normalisation"]}, "--fix normalisation: write NAME=VALUE with a finite number"),
        ({"fix": ["normalisation=inf"]}, "--fix normalisation=inf: write NAME=VALUE"),
        ({"constrain": ["normalisation=1"]}, "--constrain normalisation=1: write NAME=VALUE:ERROR"),
        ({"constrain": ["normalisation=1:"]}, "write NAME=VALUE:ERROR"),
        ({"constrain": ["normalisation=1:inf"]}, "write NAME=VALUE:ERROR"),
        ({"constrain": ["normalisation=nan:1"]}, "write NAME=VALUE:ERROR"),
        ({"constrain": ["normalisation=1:0"]}, "must be > 0"),
        ({"constrain": ["=1:1"]}, "--constrain '': no such parameter; there are normalisation"),
        ({"free": [""]}, "--free '': no such parameter"),
        ({"free": ["normalisation"], "fix": ["normalisation=1"]}, "is asked for twice"),
    ],
)
def test_options_that_cannot_be_meant(asked: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Floating.of(question_of(**asked), MODEL)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_constraints_as_they_may_be_written() -> None:
    gaussian = Constraint(value=1.0, error=0.5)
    relative = Constraint(value=1.0, error=0.5, shape=Shape.LOG_NORMAL)
    for text, meant in (("1:0.5", gaussian), ("1±0.5", gaussian), ("1:50%", relative)):
        asked = question_of(constrain=[f"norm*={text}"])
        assert Floating.of(asked, MODEL).constrain == {"normalisation": meant}
    assert Floating.of(question_of(normalisation="50%"), MODEL).constrain == {"normalisation": relative}
    assert Floating.of(question_of(normalisation="50"), MODEL).constrain == {"normalisation": relative}
