"""Results as JSON, whatever they hold."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np

from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.app.question import Question
from renp_sim.app.report import Report


def holding(value: float) -> Any:
    return SimpleNamespace(as_dict=lambda: {"values": [value, 1.0]})


def measured(value: float) -> Spectrum:
    one = {name: np.array([value]) for name in Spectrum.__dataclass_fields__ if name != "atom"}
    return Spectrum(**one, atom=np.array([0]))


def found(value: float) -> ThresholdSearch:
    one = {name: np.array([value]) for name in ("omega_eV", "delta_q", "delta_q_rest")}
    return ThresholdSearch(**one, onsets=(), minimum_delta_q=12.0)


def test_a_number_that_is_none_is_null() -> None:
    tables = SimpleNamespace(paths=("a.root",), runs={"run": np.array([1])})
    for value in (np.nan, np.inf, -np.inf):
        data = SimpleNamespace(tables=tables, asked={"model": None}, atoms=("Yb",))
        fit = SimpleNamespace(as_dict=holding(value).as_dict, data=data, question=Question())
        spectrum, search = measured(value), found(value)
        report = Report(spectrum=spectrum, fit=fit, searches=(search,))  # type: ignore[arg-type]
        table = json.loads(json.dumps(report.as_dict(), allow_nan=False))
        assert table["fit"] == {"values": [None, 1.0]}
        assert table["spectrum"]["value"] == table["search"]["delta_q"] == [None]
        assert table["spectrum"]["atom"] == table["search"]["atom"] == table["search"]["atoms"] == ["Yb"]
