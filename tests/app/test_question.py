"""A question that is kept as JSON and asked again."""

import json

import pytest

from renp_sim.app.question import Question
from renp_sim.cli.fit_options import question_of

ASKED = {
    "default": {},
    "all": {
        "masses": "three",
        "ordering": "inverted",
        "nature": "both",
        "normalisation": "10%",
        "free": ["interaction.*"],
        "fix": ["efficiency=0.5", "m1_eV"],
        "constrain": ["background.*", "dm2_21_eV2=7e-5:2e-6", "background.dark=1:20%"],
        "level": 0.9,
        "may_rest": True,
    },
    "free": {"normalisation": "free"},
}


@pytest.mark.parametrize("name", ASKED)
def test_there_and_back(name: str) -> None:
    asked = question_of(**ASKED[name])
    assert Question.from_dict(json.loads(json.dumps(asked.as_dict()))) == asked


@pytest.mark.parametrize("key", ["level", "constrained", "normalisation", "masses"])
def test_what_is_no_question_is_told(key: str) -> None:
    table = question_of(**ASKED["all"]).as_dict()
    for wrong in ({k: v for k, v in table.items() if k != key}, table | {key: "nonsense"}):
        with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
            Question.from_dict(wrong)
