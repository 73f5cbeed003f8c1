"""Limits as published and as any implementation must give them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.analysis.infer.limit import Limit
from renp_sim.app.compare import compare
from renp_sim.app.excess import find_excess
from renp_sim.app.excess_places import ExcessKind
from renp_sim.app.limit import LimitMethod, LimitReport, PValues, limit_of
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.app.subject import subject_of
from renp_sim.errors import ConfigError, FitError
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load

DAY_S = 86_400.0
GP23_SIX = (1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164)


def limit(parameter: str, *settings: str, question: Question | None = None, **options: object) -> LimitReport:
    subject = subject_of(["gp23_three_frequencies"], settings=settings)
    return limit_of(subject, question or Question(), parameter, **options)  # type: ignore[arg-type]


def vector(mass_eV: float) -> tuple[str, ...]:
    return (
        "interaction.model=vector_mediator",
        f"interaction.mass_eV={mass_eV!r}",
        "interaction.g_electron=1",
    )


def scalar(mass_eV: float) -> tuple[str, ...]:
    return (
        "interaction.model=scalar_mediator",
        f"interaction.mass_eV={mass_eV!r}",
        "interaction.y_electron=1",
    )


def scan(omegas_eV: tuple[float, ...], days: float) -> str:
    return f"laser.scan=[{{omegas_eV={list(omegas_eV)}, total_duration_s={len(omegas_eV) * days * DAY_S}}}]"


@pytest.mark.parametrize(
    ("mass_eV", "upper", "lower"),
    [(1e-3, 1.4e-26, -3.0e-26), (1.0, 9.4e-24, -3.4e-24), (1e4, 9.5e-16, -3.5e-16)],
)
def test_vector_mediator_of_gp23(mass_eV: float, upper: float, lower: float) -> None:
    found = limit("interaction.g_left.11", *vector(mass_eV), method=LimitMethod.ASIMOV).limit
    # the reference has two digits
    assert (found.upper, found.lower) == pytest.approx((upper, lower), rel=0.025, abs=0)


@pytest.mark.parametrize(("mass_eV", "upper"), [(1e-3, 2.48e-19), (1.0, 3.86e-17), (1e4, 3.9e-9)])
def test_scalar_mediator_of_gp23(mass_eV: float, upper: float) -> None:
    found = limit("interaction.y_scalar.11", *scalar(mass_eV), method=LimitMethod.ASIMOV).limit
    assert found.upper == pytest.approx(upper, rel=3e-3, abs=0)
    assert found.lower == -found.upper


@pytest.mark.parametrize(
    ("element", "days", "upper"),
    [
        ("magnetic_muB.11", 10, 1.78e-11),
        ("magnetic_muB.12", 10, 1.71e-11),
        ("magnetic_muB.33", 10, 3.46e-11),
        ("electric_muB.11", 10, 2.93e-11),
        ("electric_muB.33", 10, 9.81e-11),
        ("magnetic_muB.11", 100, 0.945e-11),
        ("magnetic_muB.12", 100, 0.952e-11),
        ("electric_muB.12", 100, 1.19e-11),
        ("magnetic_muB.11", 1000, 0.520e-11),
    ],
)
def test_moments_of_gp23(element: str, days: float, upper: float) -> None:
    settings = (scan((1.068, *GP23_SIX), days), "interaction.model=em_moments")
    found = limit(f"interaction.{element}", *settings, method=LimitMethod.ASIMOV).limit
    assert found.upper == pytest.approx(upper, rel=5e-3, abs=0)


def test_a_transverse_target_sees_no_scalar() -> None:
    found = limit("interaction.y_scalar.11", *scalar(1.0), "target.spin_tensor=transverse").as_dict()
    assert (found["visible"], found["status"], found["upper"]) == (False, "not visible", None)


def test_a_phase_of_dirac_neutrinos_is_seen_by_nobody() -> None:
    assert limit("delta_cp_deg").as_dict()["status"] == "not visible"


def test_an_island_is_listed() -> None:
    """With many counts the interference of a vector has a second solution, apart from the first."""
    found = limit("interaction.g_left.11", *vector(1.0), scan((1.0688, 1.0699, 1.0711), 200.0)).limit
    assert len(found.regions) == 2
    own = next(r for r in found.regions if r.lower < 0 < r.upper)
    assert (found.lower, found.upper) == (own.lower, own.upper)


def test_a_free_normalisation_weakens_a_limit() -> None:
    known = limit("interaction.y_scalar.11", *scalar(1.0)).limit.upper
    question = Question(normalisation=Normalisation.FREE)
    free = limit("interaction.y_scalar.11", *scalar(1.0), question=question).limit.upper
    assert known is not None
    assert free is None or free > 1.05 * known


def test_band_holds_the_median_and_rises() -> None:
    found = limit("interaction.y_scalar.11", *scalar(1.0), method=LimitMethod.ASIMOV, band=True).limit
    assert found.expected is not None
    ends = [end for end in found.expected if end is not None]
    assert len(ends) == 5
    assert np.all(np.diff(ends) > 0)
    assert ends[2] == found.upper


def test_band_of_toys_is_that_of_the_asimov_set_where_counts_are_many() -> None:
    """4000 toys: their median within 5 % of the Asimov one, their ±1σ within 10 %; a quantile knows 2 %."""
    settings = (*scalar(1.0), scan((1.0688, 1.0699, 1.0711), 100.0))
    asimov = limit("interaction.y_scalar.11", *settings, band=True).limit.expected
    toys = limit("interaction.y_scalar.11", *settings, band=True, n_toys=4000).limit.expected
    assert asimov is not None
    assert toys is not None
    assert toys[1:4] == pytest.approx(asimov[1:4], rel=0.08, abs=0)
    assert toys[2] == pytest.approx(asimov[2], rel=0.04, abs=0)


@pytest.mark.parametrize("method", list(LimitMethod))
def test_all_above_threshold_or_nothing_open(method: LimitMethod) -> None:
    """A step where nothing can be emitted says nothing: no number, no crash."""
    found = limit("interaction.y_scalar.11", *scalar(1.0), scan((1.0725,), 1.0), method=method)
    assert not found.as_dict()["visible"]
    assert found.limit.upper is None


@pytest.mark.parametrize(
    ("method", "events"), [(LimitMethod.CLS, np.log(10)), (LimitMethod.FELDMAN_COUSINS, 2.435)]
)
def test_expected_limit_of_hardly_any_counts(method: LimitMethod, events: float) -> None:
    """Where most experiments count nothing the median limit is that of nothing, in photons."""
    settings = (*scalar(1.0), scan((1.0699,), 0.01))
    report = limit("interaction.y_scalar.11", *settings, method=method)
    setup, upper = report.setup, report.limit.upper
    assert upper is not None
    theta = setup.theta.copy()
    theta[setup.index("interaction.y_scalar.11")] = upper
    signal = float(setup.model.expected(theta)[0] - setup.model.expected(setup.theta)[0])
    # the Standard Model's own 0.08 photons are a background; without it 2.44 is the published end
    assert signal == pytest.approx(events, abs=0.09)


def test_observed_limit_of_a_file(tmp_path: Path) -> None:
    run = load("gp23_three_frequencies", scalar(1.0))
    generate(run, tmp_path / "run.root")
    subject = subject_of([tmp_path / "run.root"])
    found = limit_of(subject, Question(), "interaction.y_scalar.11")
    expected = limit("interaction.y_scalar.11", *scalar(1.0), band=True).limit.expected
    assert not found.is_planned
    assert expected is not None
    assert found.limit.upper is not None
    low, high = expected[0], expected[-1]
    assert low is not None
    assert high is not None
    # a seed whose limit is within two standard deviations
    assert low < found.limit.upper < high
    with pytest.raises(ConfigError, match="asimov"):
        limit_of(subject, Question(), "interaction.y_scalar.11", method=LimitMethod.ASIMOV)


@pytest.mark.parametrize("method", [LimitMethod.PROFILE, LimitMethod.CLS])
def test_a_power_constrained_limit_stops_one_standard_deviation_down(method: LimitMethod) -> None:
    planned = subject_of(["gp23_three_frequencies"], settings=scalar(1.0))
    band = limit_of(planned, Question(), "interaction.y_scalar.11", method=method, band=True).limit.expected
    assert band is not None
    assert band[1] is not None

    def of(counts: list[float], *, constrained: bool) -> Limit:
        subject = replace(planned, counts=np.array(counts))
        asked = {"method": method, "is_power_constrained": constrained}
        return limit_of(subject, Question(), "interaction.y_scalar.11", **asked).limit  # type: ignore[arg-type]

    low, usual = [12.0, 8.0, 7.0], [25.0, 19.0, 18.0]
    free = of(low, constrained=False).upper
    assert free is not None
    assert free < band[1]
    stopped = of(low, constrained=True)
    assert stopped.upper == pytest.approx(band[1], rel=1e-6, abs=0)
    assert (stopped.lower, stopped.status.value) == (-band[1], "power constrained")
    assert of(usual, constrained=True).upper == of(usual, constrained=False).upper


def test_masses_rest_where_the_configuration_in_a_file_has_them(tmp_path: Path) -> None:
    """With 50 meV two of the three frequencies see little else: 10 meV would be another limit."""
    settings = (*scalar(1.0), "neutrino.lightest_mass_eV=0.05")
    generate(load("gp23_three_frequencies", settings), tmp_path / "run.root")
    report = limit_of(subject_of([tmp_path / "run.root"]), Question(), "interaction.y_scalar.11")
    planned = limit("interaction.y_scalar.11", *settings)
    zero = np.zeros(1)
    assert report.setup.model.expected(zero) == pytest.approx(planned.setup.model.expected(zero), rel=1e-9)
    assert any("0.05 eV" in note for note in report.notes)


def test_a_true_offset_of_the_frequency_is_in_what_is_expected() -> None:
    """It closes a step that stands 1.2e-5 eV below the last threshold, whether or not an error is stated."""
    one = scan((1.07164,), 1000.0)
    plain = limit("interaction.y_scalar.11", *scalar(1.0), one)
    moved = limit("interaction.y_scalar.11", *scalar(1.0), one, "laser.calibration.common_offset_eV=1e-5")
    assert plain.limit.upper is not None
    assert moved.limit.upper is not None
    # fewer counts than the model expects without the offset leave less room
    assert moved.limit.upper < 0.99 * plain.limit.upper


def test_mistakes_are_one_line() -> None:
    with pytest.raises(ConfigError, match="has no couplings"):
        limit("interaction.g_left.11")
    with pytest.raises(ConfigError, match="not one of"):
        limit("interaction.g_lfet.11", *vector(1.0))
    with pytest.raises(ConfigError, match="--cl"):
        limit("interaction.g_left.11", *vector(1.0), level=90.0)
    with pytest.raises(ConfigError, match="can lower an expectation"):
        limit("interaction.g_left.11", *vector(1.0), method=LimitMethod.CLS)
    with pytest.raises(ConfigError, match="--toys"):
        limit("lightest_mass_eV", n_toys=-5)
    with pytest.raises(ConfigError, match="--toys"):
        limit("lightest_mass_eV", n_toys=10**12, method=LimitMethod.FELDMAN_COUSINS)
    fixed = Question(treatment=Treatment(fixed={"interaction.g_left.11": None}))
    with pytest.raises(ConfigError, match="limit is asked for"):
        limit("interaction.g_left.11", *vector(1.0), question=fixed)


def test_a_limit_that_is_none_is_json() -> None:
    """No value is excluded if the normalisation may be any: null, where an infinity was refused."""
    free = Question(normalisation=Normalisation.FREE)
    em = "interaction.model=em_moments"
    found = limit("interaction.magnetic_muB.11", em, question=free).as_dict()
    assert found["upper"] is None
    assert any(None in interval for interval in found["intervals"])
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("settings", "upper"),
    [
        (("target.coherence=1e-5", "background=[{name='dark',kind='dark_counts',rate_hz=1e-5}]"), 7918.8),
        (("target.volume_cm3=1e-4",), 21706.0),
    ],
)
def test_a_limit_far_from_one_is_found(settings: tuple[str, ...], upper: float) -> None:
    """By hand; "unbounded" where a window is doubled fourteen times only."""
    found = limit("normalisation", *settings, method=LimitMethod.ASIMOV).limit
    assert found.upper == pytest.approx(upper, rel=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"method": LimitMethod.PROFILE},
        {"method": LimitMethod.CLS},
        {"method": LimitMethod.FELDMAN_COUSINS, "n_toys": 50},
    ],
)
def test_counts_that_nothing_allows_have_no_limit(tmp_path: Path, options: dict[str, Any]) -> None:
    """A mass that closes a step with counts; ends, NaN or no answer at all were given."""
    generate(load("gp23_three_frequencies"), tmp_path / "run.root")
    closed = Question(treatment=Treatment(fixed={"lightest_mass_eV": 0.03}))
    subject = subject_of([tmp_path / "run.root"])
    with pytest.raises(FitError, match="no model allows the counts: steps 2 have counts"):
        limit_of(subject, closed, "normalisation", **options)
    with pytest.raises(FitError, match="no model allows the counts: steps 2 have counts"):
        compare(subject, closed, "ordering")
    with pytest.raises(FitError, match="no model allows the counts: steps 2 have counts"):
        find_excess(subject, closed, ExcessKind.THRESHOLD, n_toys=10)


def test_toys_are_drawn_where_outcomes_are_not_counted() -> None:
    """Given toys are used, or it is said that none were; asked toys without a number are refused."""
    known = "background=[{name='d',kind='dark_counts',rate_hz=2e-4}]"
    few, many = (
        limit("normalisation", *settings, method=LimitMethod.CLS, n_toys=2000) for settings in ((), (known,))
    )
    assert (few.p_values, few.n_toys) == (PValues.EXACT, 0)
    assert few.notes[0] == "every outcome was counted, so no toys were drawn"
    assert (many.p_values, many.n_toys) == (PValues.TOYS, 2000)
    asymptotic = limit("normalisation", known, method=LimitMethod.CLS).limit.upper
    assert many.limit.upper_error is not None
    # 119 counts of background a step; four errors
    assert many.limit.upper == pytest.approx(asymptotic, abs=4 * many.limit.upper_error)
    with pytest.raises(ConfigError, match="--p-values toys: how many"):
        limit("normalisation", method=LimitMethod.CLS, p_values=PValues.TOYS)


def test_the_ends_are_those_of_the_truth_and_not_of_its_mirror() -> None:
    """A coupling of 5.9e-10 expects what none does; better by rounding, its region was given."""
    vector_keV = (
        "interaction.model=vector_mediator",
        "interaction.mass_eV=1e3",
        "interaction.g_electron=1e-8",
    )
    long = scan((1.0688, 1.0699, 1.0711), 230.0)
    found = limit("interaction.g_left.11", *vector_keV, long, method=LimitMethod.ASIMOV, band=True).limit
    assert len(found.regions) == 2
    assert found.best == 0.0
    assert found.lower is not None
    assert found.upper is not None
    assert (found.lower, found.upper) == pytest.approx((-4.77e-11, 5.60e-11), rel=2e-3, abs=0)
    assert found.expected is not None
    assert None not in found.expected
    assert list(found.expected) == sorted(found.expected)
