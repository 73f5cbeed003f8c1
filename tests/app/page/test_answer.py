"""The one sentence: what the fit says, and no more."""

import re
from pathlib import Path
from typing import Any

import pytest

from renp_sim.app.data import read_data
from renp_sim.app.page.answer import answer, question_text
from renp_sim.app.thresholds import FitReport, fit_report
from renp_sim.cli.fit_options import question_of
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table

DARK = {"name": "dark", "kind": "dark_counts", "rate_hz": 1e-4, "error_rel": 0.2}


def fitted(folder: Path, asked: dict[str, Any], **sections: Any) -> FitReport:
    scan = {"omegas_eV": [1.0688, 1.0699, 1.0711], "total_duration_s": 3e6}
    table = {"run": {"seed": 11, "name": "mine"}, "laser": {"scan": [scan]}} | sections
    made = generate(run_from_table(table), folder / "run.root")
    return fit_report(read_data([made.path]), question_of(**asked))


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "both": (
        {},
        {},
        r"Normal ordering \(Dirac\) fits better than inverted ordering \(Dirac\) by Δ\(−2 ln L\) = ",
    ),
    "alone": (
        {"ordering": "normal"},
        {},
        r"Normal ordering \(Dirac\) was fitted alone; with normal ",
    ),
    "no signal": (
        {},
        {"target": {"density_cm3": 1e19}, "background": [DARK]},
        r"No signal is seen, \d+ photons where background alone is expected to give 300; normal ordering "
        r"\(Dirac\) and inverted ordering \(Dirac\) fit alike .*the lightest mass may be anywhere in its ",
    ),
    "poor": (
        {"ordering": "normal", "fix": ["normalisation=2"]},
        {},
        r"No hypothesis describes the data well \(asymptotic p = \de−?-?\d+ of the best fit\); ",
    ),
    "nothing floats": ({"fix": ["lightest_mass_eV=0.01"]}, {}, r"^[^;]*\.$"),
    "three": (
        {"masses": "three", "ordering": "normal", "fix": ["m2_eV=0.013"]},
        {},
        r"m₁ is compatible with 0, .* meV; m₃ is .* meV",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_answered(case: str, tmp_path: Path) -> None:
    asked, sections, expected = CASES[case]
    said = answer(fitted(tmp_path, asked, **sections))
    assert re.search(expected, said), said
    assert said.endswith(".")


def test_a_mass_at_zero_is_compatible_with_it(tmp_path: Path) -> None:
    report = fitted(tmp_path, {"ordering": "normal"}, neutrino={"lightest_mass_eV": 0.0})
    mass = report.result.best.parameter("lightest_mass_eV")
    said = answer(report)
    assert mass.at_bound == ("the lightest mass is compatible with 0, 68.27 % interval (≤ 0, " in said)
    assert question_text(report) == (
        "What do the 3 steps of mine (run "
        f"{report.data.tables.runs['run'][0]}) say: under normal/dirac, what is the lightest mass? "
        "Normalisation Γ₀ fixed."
    )
