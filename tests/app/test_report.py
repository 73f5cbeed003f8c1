"""Results as JSON, whatever they hold."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np

from renp_sim.app.question import Question
from renp_sim.app.report import Report


def holding(value: float) -> Any:
    return SimpleNamespace(as_dict=lambda: {"values": [value, 1.0]})


def test_a_number_that_is_none_is_null() -> None:
    tables = SimpleNamespace(paths=("a.root",), runs={"run": np.array([1])})
    for value in (np.nan, np.inf, -np.inf):
        data = SimpleNamespace(tables=tables, asked={"model": None})
        fit = SimpleNamespace(as_dict=holding(value).as_dict, data=data, question=Question())
        report = Report(spectrum=holding(value), fit=fit, search=holding(value))  # type: ignore[arg-type]
        table = json.loads(json.dumps(report.as_dict(), allow_nan=False))
        assert table["spectrum"] == table["fit"] == table["search"] == {"values": [None, 1.0]}
