"""Run files as small as they can be, for tests."""

from typing import Any

import pytest

from renp_sim.errors import ConfigError
from renp_sim.runfile.reading import apply_settings
from renp_sim.runfile.run import run_from_table

MINIMAL: dict[str, Any] = {"run": {"seed": 1}, "laser": {"steps": [{"omega_eV": 1.07, "duration_s": 10.0}]}}


def with_settings(*settings: str) -> dict[str, Any]:
    return apply_settings(MINIMAL, settings)


def problems_of_table(table: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        run_from_table(table)
    return list(caught.value.problems)


def problems_of(*settings: str) -> list[str]:
    return problems_of_table(with_settings(*settings))
