"""What users may rely on; a name goes from here only with a line in CHANGELOG."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import renp_sim

PUBLIC = [
    "Asking",
    "CompareMethod",
    "Constraint",
    "ExcessKind",
    "ExpectedCounts",
    "Exposure",
    "LimitMethod",
    "Masses",
    "Nature",
    "Normalisation",
    "Ordering",
    "Prior",
    "Question",
    "Treatment",
    "Wish",
    "asimov",
    "compare",
    "exposure_needed",
    "exposure_of",
    "find_excess",
    "fit",
    "fit_batch",
    "fit_data",
    "generate",
    "identify",
    "iterate_events",
    "limit_of",
    "load",
    "measured_spectrum",
    "optimised",
    "profile",
    "rate_at",
    "rate_of_schedule",
    "read_data",
    "read_tables",
    "run_all",
    "scan_of",
    "search_thresholds",
    "sensitivity_of",
    "subject_of",
    "toys",
]


def test_public_names() -> None:
    assert renp_sim.__all__ == PUBLIC
    for name in PUBLIC:
        assert callable(getattr(renp_sim, name))
    with pytest.raises(AttributeError):
        renp_sim.nothing  # noqa: B018


def test_a_type_checker_sees_the_same_names() -> None:
    source = Path(renp_sim.__file__).read_text("utf-8")
    assert sorted(re.findall(r"import (\w+) as \1\b", source)) == sorted(PUBLIC)


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    heavy = ("numpy", "scipy", "uproot", "iminuit", "matplotlib")
    program = f"import sys, renp_sim.cli.program; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
