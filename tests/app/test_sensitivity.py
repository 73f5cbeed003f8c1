"""Sensitivity curves, and the published ones."""

import csv
from pathlib import Path

import numpy as np
import pytest

from renp_sim.app.published_limits import BESIDE_POLES, DAYS, MASSES_EV, mediator_limits, moment_limits
from renp_sim.app.question import Constraint, Normalisation, Question, Shape
from renp_sim.app.scan import scan_of
from renp_sim.app.sensitivity import Sensitivity, sensitivity_of, write_sensitivity
from renp_sim.errors import ConfigError, NumericsError, SchemaError

MOMENTS = ("interaction.model=em_moments",)
MU = "interaction.magnetic_muB.11"


def curve(scan: str, *settings: str, question: Question | None = None) -> Sensitivity:
    return sensitivity_of(
        "gp23_three_frequencies", question or Question(), [MU], scan_of(scan), settings=(*MOMENTS, *settings)
    )


def test_a_moment_falls_with_the_fourth_root_of_exposure() -> None:
    """Without background and with many counts Δq grows with x⁴ T."""
    (limits,) = curve("exposure=1e4,1e8").limits.values()
    assert limits[0].upper is not None
    assert limits[1].upper is not None
    assert limits[0].upper / limits[1].upper == pytest.approx(10, rel=0.02, abs=0)


def test_what_limits() -> None:
    def of(*settings: str, question: Question | None = None) -> str:
        (found,) = curve("exposure=100", *settings, question=question).limited_by.values()
        return found[0]

    background = "background=[{name='dark', kind='dark_counts', rate_hz=1e-2}]"
    five_per_cent = Question(normalisation=Constraint(value=1.0, error=0.05, shape=Shape.LOG_NORMAL))
    assert of() == "counts"
    assert of(background) == "background"
    assert of(question=five_per_cent) == "normalisation"
    assert of(question=Question(normalisation=Normalisation.FREE)) == "normalisation"


def test_files_say_what_was_found(tmp_path: Path) -> None:
    found = curve("exposure=1:100:3:log")
    files = write_sensitivity(found, tmp_path / "out")
    assert [path.suffix for path in files] == [".csv", ".png", ".pdf"]
    head, *lines = files[0].read_text().splitlines()
    assert head.startswith("#")
    rows = list(csv.DictReader(lines))
    assert [float(row["upper"]) for row in rows] == [limit.upper for limit in found.limits[MU]]
    with pytest.raises(SchemaError, match="--force"):
        write_sensitivity(found, tmp_path / "out")


@pytest.mark.parametrize(
    "text", ["exposure", "=1:2:3", "a=1:2", "a=1:2:0", "a=0:2:3:log", "a=x,y", "a=1:2:3:lin"]
)
def test_a_scan_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--scan"):
        scan_of(text)


def test_mistakes_of_a_scan() -> None:
    with pytest.raises(ConfigError, match="factor"):
        curve("exposure=-1,1")
    with pytest.raises(ConfigError, match="no such key"):
        curve("interaction.mess_eV=1,2")


def test_published_mediators() -> None:
    """Ends of the ranges of GP22 over 1e-3 … 1e4 eV, within a decade."""
    for kind, low, high in (("vector", 1e-26, 1e-15), ("scalar", 1e-19, 1e-9)):
        found = mediator_limits(kind)
        assert len(found.x) == len(MASSES_EV) + 2 * len(BESIDE_POLES) * len(found.poles_eV)
        upper = found.columns["upper"]
        assert low < upper[0] < 10 * low
        assert high / 10 < upper[-1] < 10 * high
        assert np.all(np.diff(upper[found.x > 1]) > 0)
        # three steps stand on a pole each, towards which the limit falls from both sides
        assert found.poles_eV == pytest.approx([0.05258, 0.08894, 0.11236], abs=1e-5)
        for pole_eV in found.poles_eV:
            distance = np.abs(found.x / pole_eV - 1)
            assert np.max(upper[distance < 0.004]) < 0.2 * np.min(upper[(distance > 0.05) & (distance < 0.2)])


def test_published_moments() -> None:
    """Numbers by an independent program at 10, 100 and 1000 d."""
    found = {**moment_limits("magnetic").columns, **moment_limits("electric").columns}
    published = {
        "magnetic_11": {10: 1.78e-11, 100: 0.945e-11, 1000: 0.520e-11},
        "magnetic_12": {10: 1.71e-11, 100: 0.952e-11},
        "magnetic_33": {10: 3.46e-11},
        "electric_11": {10: 2.93e-11},
        "electric_12": {100: 1.19e-11},
        "electric_33": {10: 9.81e-11},
    }
    for name, values in published.items():
        for days, upper in values.items():
            (place,) = np.flatnonzero(np.isclose(DAYS, days))
            assert found[name][place] == pytest.approx(upper, rel=5e-3, abs=0)
    # 1.068 eV can only help
    for name in published:
        assert np.all(found[f"{name}_without_1.068"] >= found[name])


POLES_EV = (0.0525842, 0.1123617)
"""Of steps at 1.0711 and 1.0688 eV: the square is E_eg (E_eg − 2 ω)."""


def scalar_curve(scan: str, *settings: str) -> Sensitivity:
    scalar = "interaction={model='scalar_mediator', mass_eV=1.0, y_electron=1e-12}"
    omegas = "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=2e5}]"
    return sensitivity_of(
        "gp23_three_frequencies",
        Question(),
        ["interaction.y_scalar.11"],
        scan_of(f"interaction.mass_eV={scan}"),
        settings=(scalar, omegas, *settings),
    )


def test_poles_between_points_are_said_and_are_there() -> None:
    """Beside a pole limits are tenfold stronger than at the points around it; outside of the scan is none."""
    found = scalar_curve("0.01:1:5:log")
    assert found.poles_eV == pytest.approx(POLES_EV, rel=1e-5)
    assert any("0.05258, 0.1124 eV" in note for note in found.notes)
    beside = scalar_curve(f"{0.9999 * POLES_EV[1]!r},{0.1!r},{0.13!r}")
    near, *around = (limit.upper for limit in beside.limits["interaction.y_scalar.11"])
    assert near is not None
    assert 10 * near < min(end for end in around if end is not None)
    assert len(scalar_curve("0.2:1:2").poles_eV) == 0
    # what cannot decay has no resonance
    assert len(scalar_curve("0.01:0.1:2", "neutrino.lightest_mass_eV=0.03").poles_eV) == 0


def test_one_point_on_a_pole_does_not_lose_the_others() -> None:
    pole_eV = float(np.sqrt(2.14349 * (2.14349 - 2 * 1.0688)))
    found = scalar_curve(f"0.05,{pole_eV!r},1.0")
    assert found.scan.values.tolist() == [0.05, 1.0]
    assert len(found.limits["interaction.y_scalar.11"]) == 2
    assert any("is left out" in note and "sits on the pole" in note for note in found.notes)
    with pytest.raises(NumericsError, match="sits on the pole"):
        scalar_curve(repr(pole_eV))


def test_a_list_over_decades_has_a_logarithmic_axis() -> None:
    assert scan_of("interaction.mass_eV=0.01,1,100").is_log
    assert not scan_of("interaction.mass_eV=0.9,1,2").is_log
    assert not scan_of("x=-1,0,100").is_log


def test_bands_are_computed_where_they_are_asked_for() -> None:
    """They were computed always, by `figures` for nothing."""
    scan = scan_of("exposure=1,2")
    plain = sensitivity_of("gp23_three_frequencies", Question(), [MU], scan, settings=MOMENTS, band=False)
    banded = sensitivity_of("gp23_three_frequencies", Question(), [MU], scan, settings=MOMENTS)
    assert [limit.expected for limit in plain.limits[MU]] == [None, None]
    assert all(limit.expected is not None for limit in banded.limits[MU])
    uppers = [[limit.upper for limit in each.limits[MU]] for each in (plain, banded)]
    assert uppers[0] == pytest.approx(uppers[1], rel=1e-9)
