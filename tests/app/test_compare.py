"""Comparisons of hypotheses against an independent program."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from renp_sim.app.compare import CompareMethod, CompareReport, compare
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.app.subject import subject_of
from renp_sim.cli.program import run_program
from renp_sim.errors import ConfigError

DAY_S = 86_400.0
REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "exposure.json").read_text())
MASS_RESTS = Question(treatment=Treatment(fixed={"lightest_mass_eV": None}))


def compared(
    omegas_eV: list[float],
    days: float,
    asked: str,
    question: Question,
    *settings: str,
    background_per_day: float = 0.0,
    **options: Any,
) -> CompareReport:
    more = [f"laser.scan=[{{omegas_eV={omegas_eV}, total_duration_s={len(omegas_eV) * days * DAY_S!r}}}]"]
    if background_per_day:
        rate_hz = background_per_day / DAY_S
        more.append(f"background=[{{name='dark', kind='dark_counts', rate_hz={rate_hz!r}}}]")
    subject = subject_of(["gp23_three_frequencies"], settings=(*settings, *more))
    return compare(subject, question, asked, **options)


@pytest.mark.parametrize("row", REFERENCE["ordering_asimov"])
def test_asimov_ordering(row: dict[str, Any]) -> None:
    """Δq is linear in the exposure, so that of one day says how many make it nine."""
    found = compared(
        [1.0688, 1.0699, 1.0711],
        1.0,
        "ordering",
        Question(normalisation=Normalisation(row["normalisation"])),
        f"neutrino.ordering='{row['truth']}'",
        background_per_day=row["background_per_day"],
    )
    assert 9 / found.comparison.delta_q == pytest.approx(row["days_per_frequency"], rel=1e-4)
    mass = found.as_dict()["alternative_at"]["lightest_mass_eV"]
    assert mass == pytest.approx(row["other_lightest_mass_eV"], abs=1e-4)


@pytest.mark.parametrize(("factor", "is_excluded"), [(0.98, False), (1.001, True)])
def test_exact_ordering(factor: float, is_excluded: bool) -> None:
    """The exposure at which half of the experiments exclude the inverted ordering at three σ."""
    row = next(r for r in REFERENCE["ordering_exact"] if r["power"] == 0.5)
    days = factor * row["last_days_per_frequency"]
    found = compared(
        row["omega_eV"],
        days,
        "ordering",
        MASS_RESTS,
        background_per_day=row["background_per_day"],
        method=CompareMethod.EXACT,
    )
    assert bool(found.significance.p_value < norm.sf(row["significance"])) is is_excluded


def test_toys_agree_with_counted_outcomes() -> None:
    """40 000 toys under each: p within four of its errors (6e-5 for a false alarm)."""
    common: dict[str, Any] = {"background_per_day": 2.0}
    two = [1.0699, 1.0711]
    counted = compared(two, 1.0, "ordering", MASS_RESTS, method=CompareMethod.EXACT, **common)
    drawn = compared(two, 1.0, "ordering", MASS_RESTS, method=CompareMethod.TOYS, n_toys=40_000, **common)
    exact, toys = counted.significance, drawn.significance
    assert toys.p_error is not None
    assert abs(toys.p_value - exact.p_value) < 4 * toys.p_error
    assert counted.delta_q_band is not None
    # at 2σ a quantile of so many toys has an error of 0.065, and the teeth of few counts are 0.06 apart
    assert drawn.delta_q_band == pytest.approx(counted.delta_q_band, abs=0.3)
    # the median experiment is known further out by the weights of toys than by those beyond it
    assert toys.p_error < 0.3 * np.sqrt(exact.p_value / 40_000)


def test_a_few_toys_tell_five_sigma_of_the_median_experiment() -> None:
    """Within four errors of every outcome; 8σ is that or more."""
    common: dict[str, Any] = {"background_per_day": 2.0}
    two = [1.0699, 1.0711]
    exact, toys = (
        compared(two, 6.0, "ordering", MASS_RESTS, method=method, n_toys=4000, **common)
        for method in (CompareMethod.EXACT, CompareMethod.TOYS)
    )
    assert 1e-9 < exact.significance.p_value < 1e-6
    assert toys.significance.p_error is not None
    assert abs(toys.significance.p_value - exact.significance.p_value) < 4 * toys.significance.p_error
    assert toys.significance.p_error < 0.5 * exact.significance.p_value
    far = compared(two, 60.0, "ordering", MASS_RESTS, method=CompareMethod.TOYS, n_toys=500, **common)
    assert far.significance.sigma == pytest.approx(8.0)
    assert far.notes[-1] == "a significance of 8 σ is that or more"


def test_a_wall_is_no_number() -> None:
    """At 1.07164 eV 10 meV is open and 11 meV closed: one photon excludes, and Δq is infinite."""
    (row,) = REFERENCE["wall_power"]
    for days, p_value in ((1.001 * row["days_power_half"], 0.0), (0.999 * row["days_power_half"], 1.0)):
        found = compared(
            [row["omega_eV"]],
            days,
            "lightest_mass_eV=0.011",
            Question(),
            method=CompareMethod.EXACT,
        )
        table = found.as_dict()
        assert table["wall"]
        assert table["delta_q"] is None
        assert found.significance.p_value == pytest.approx(p_value)


def test_nature_is_invisible_with_tens_of_events() -> None:
    found = compared([1.0688, 1.0699, 1.0711], 2.3, "nature", Question())
    assert 0 <= found.comparison.delta_q < 0.01
    assert {"alpha21_deg", "alpha31_deg"} <= set(found.as_dict()["alternative_at"])


def test_phases_of_one_nature_may_be_named() -> None:
    """What is said of them is for Majorana neutrinos, as truth or alternative, and nothing for Dirac ones."""
    phases = {"alpha21_deg": 90.0, "alpha31_deg": 0.0}
    question = Question(treatment=Treatment(fixed=phases))
    found = compared([1.0688, 1.0699, 1.0711], 100.0, "nature", question)
    both = found.comparison
    assert set(both.alternative.names) == set(both.truth.names) == {"lightest_mass_eV"}
    at = both.alternative.theta
    assert [at[both.alternative.index(name)] for name in phases] == list(phases.values())
    free = compared([1.0688, 1.0699, 1.0711], 100.0, "nature", Question()).comparison
    assert both.delta_q > free.delta_q + 1e-4
    majorana = ("neutrino.nature='majorana'", "neutrino.alpha21_deg=90.0")
    other = compared([1.0688, 1.0699, 1.0711], 100.0, "nature", question, *majorana)
    assert set(other.comparison.truth.names) == {"lightest_mass_eV"}
    with pytest.raises(ConfigError, match="no such"):
        compared([1.0688], 1.0, "ordering", question)


def test_a_value_that_is_true_is_not_excluded() -> None:
    found = compared([1.0688, 1.0699, 1.0711], 2.3, "lightest_mass_eV=0.01", Question())
    assert found.comparison.delta_q == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("days", "is_planned"), [(0.5, False), (200.0, True)])
def test_a_p_value_that_toys_only_bound_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: float, is_planned: bool
) -> None:
    """Of data where no toy is as extreme, and of a median experiment at the end of what is told."""
    scan = f"laser.scan=[{{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s={3 * days * DAY_S}}}]"
    subject = "gp23_three_frequencies"
    settings = ["--set", scan]
    if not is_planned:
        made = str(tmp_path / "run.root")
        assert run_program(["generate", subject, *settings, "-o", made, "--seed", "3"]) == 0
        subject, settings = made, []
    command = ["compare", subject, *settings, "--question", "lightest_mass_eV=0.1", "--method", "toys"]
    capsys.readouterr()
    for toys, p_value in ((50, 1 / 51), (100, 1 / 101)):
        assert run_program([*command, "--toys", str(toys), "--json"]) == 0
        table = json.loads(capsys.readouterr().out)
        assert table["is_bound"] is True
        assert table["p_value"] == pytest.approx(norm.sf(8) if is_planned else p_value)
    assert run_program([*command, "--toys", "100"]) == 0
    out = capsys.readouterr().out
    assert "  p ≤ " in out
    assert ", ≥ 8.000 σ" in out if is_planned else ", ≥ 2.330 σ" in out
    assert "is that or " in out


def test_a_p_value_that_toys_know_is_no_bound() -> None:
    found = compared([1.0699, 1.0711], 0.3, "ordering", MASS_RESTS, method=CompareMethod.TOYS, n_toys=1000)
    assert not found.significance.is_bound
    assert not found.as_dict()["is_bound"]


def test_mistakes_are_one_line() -> None:
    for asked, says in (("order", "NAME=VALUE"), ("lightest_mass_eV=x", "finite"), ("mass=1", "no such")):
        with pytest.raises(ConfigError, match=says):
            compared([1.0688], 1.0, asked, Question())
