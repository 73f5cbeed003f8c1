"""What users may rely on; a name goes from here only with a line in CHANGELOG."""

import subprocess
import sys

import pytest

import renp_sim

PUBLIC = [
    "Question",
    "fit_data",
    "generate",
    "iterate_events",
    "load",
    "measured_spectrum",
    "rate_at",
    "rate_of_schedule",
    "read_data",
    "read_tables",
    "run_all",
    "search_thresholds",
]


def test_public_names() -> None:
    assert renp_sim.__all__ == PUBLIC
    for name in PUBLIC:
        assert callable(getattr(renp_sim, name))
    with pytest.raises(AttributeError):
        renp_sim.nothing  # noqa: B018


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    heavy = ("numpy", "scipy", "uproot", "iminuit", "matplotlib")
    program = f"import sys, renp_sim.cli.main; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
