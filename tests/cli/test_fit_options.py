"""Options of `fit`: what cannot be meant gets a line that says how to write it."""

from types import SimpleNamespace
from typing import Any

import pytest

from renp_sim.analysis.model import Constraint, Parameter, Shape
from renp_sim.app.question import Masses, Normalisation, Question, treatment_of
from renp_sim.cli.fit_options import question_of
from renp_sim.errors import ConfigError
from renp_sim.physics.neutrino import Nature, Ordering

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
        ({"constrain": ["=1:1"]}, "'': no such parameter; known: normalisation"),
        ({"free": [""]}, "'': no such parameter"),
        ({"free": ["normalisatoin"]}, "no such parameter; did you mean 'normalisation'?"),
        ({"free": ["normalisation"], "fix": ["normalisation=1"]}, "asked for twice"),
        ({"free": ["norm*"], "normalisation": "10%"}, "asked for twice"),
        ({"constrain": ["normalisation=1:1"], "normalisation": "10%"}, "asked for twice"),
        ({"fix": ["normalisation=1", "normalisation=2"]}, "normalisation is asked for twice"),
        ({"level": 1.5}, "--level 1.5: must lie in (0, 1)"),
    ],
)
def test_options_that_cannot_be_meant(asked: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        treatment_of(question_of(**asked), MODEL)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_constraints_as_they_may_be_written() -> None:
    gaussian = Constraint(value=1.0, error=0.5)
    relative = Constraint(value=1.0, error=0.5, shape=Shape.LOG_NORMAL)
    for text, meant in (("1:0.5", gaussian), ("1±0.5", gaussian), ("1:50%", relative)):
        asked = question_of(constrain=[f"norm*={text}"])
        assert treatment_of(asked, MODEL).constrained == {"normalisation": meant}
    for text in ("50%", "50"):
        asked = question_of(normalisation=text)
        assert asked.normalisation == relative
        assert treatment_of(asked, MODEL).constrained == {"normalisation": relative}


def test_options_become_what_they_name() -> None:
    asked = question_of(ordering="inverted", nature="both", masses="three", normalisation="free", level=0.9)
    assert asked == Question(
        orderings=(Ordering.INVERTED,),
        natures=(Nature.DIRAC, Nature.MAJORANA),
        masses=Masses.THREE,
        normalisation=Normalisation.FREE,
        level=0.9,
    )
    assert question_of() == Question()
    assert treatment_of(asked, MODEL).free == ("normalisation",)
    labels = [hypothesis.label for hypothesis in asked.hypotheses(Nature.DIRAC)]
    assert labels == ["inverted/dirac", "inverted/majorana"]
