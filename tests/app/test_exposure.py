"""How long a run must last, against an independent program."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm, poisson

from renp_sim.analysis.infer.compare import Comparison
from renp_sim.app.compare import CompareMethod, setups_of
from renp_sim.app.experiment import Experiment
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.exposure_answer import ExposureAnswer, write_exposure
from renp_sim.app.question import Constraint, Normalisation, Question, Shape, Treatment
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.runfile.run import load

DAY_S = 86_400.0
REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "exposure.json").read_text())
ONE_DAY = f"laser.scan=[{{omegas_eV=[1.0711], total_duration_s={DAY_S!r}}}]"
MASS_RESTS = Question(treatment=Treatment(fixed={"lightest_mass_eV": None}))


def needed(
    omegas_eV: list[float],
    asked: str,
    question: Question,
    *settings: str,
    background_per_day: float = 0.0,
    **options: Any,
) -> ExposureAnswer:
    """Of one day per frequency, so that a factor is in days."""
    more = [f"laser.scan=[{{omegas_eV={omegas_eV}, total_duration_s={len(omegas_eV) * DAY_S!r}}}]"]
    if background_per_day:
        more.append(
            f"background=[{{name='dark', kind='dark_counts', rate_hz={background_per_day / DAY_S!r}}}]"
        )
    run = load("gp23_three_frequencies", (*settings, *more))
    return exposure_needed(run, question, asked, **options)


@pytest.mark.parametrize("row", REFERENCE["ordering_asimov"][::3])
def test_asimov_exposure(row: dict[str, Any]) -> None:
    found = needed(
        [1.0688, 1.0699, 1.0711],
        "ordering",
        Question(normalisation=Normalisation(row["normalisation"])),
        f"neutrino.ordering='{row['truth']}'",
        background_per_day=row["background_per_day"],
    )
    (result,) = found.results
    assert result.status == "reached"
    assert result.factor == pytest.approx(row["days_per_frequency"], rel=1e-4)
    assert result.live_time_s == pytest.approx(3 * DAY_S * row["days_per_frequency"], rel=1e-4)


@pytest.mark.parametrize(
    ("significance", "power"), [(1.0, 0.99), pytest.param(3.0, 0.02, marks=pytest.mark.slow)]
)
def test_a_power_far_from_the_median_is_found(significance: float, power: float) -> None:
    """At eleven Asimov exposures, and at a tenth of one: neither "never" nor "already"."""
    found = needed(
        [1.0699, 1.0711],
        "ordering",
        MASS_RESTS,
        background_per_day=2.0,
        significance=significance,
        powers=(power,),
        methods=(CompareMethod.ASIMOV, CompareMethod.EXACT),
    )
    asimov, exact = found.results
    assert asimov.factor is not None
    assert exact.factor is not None
    # what a Gaussian test needs, which this one nearly is where counts are many
    gaussian = (1 + norm.ppf(power) / significance) ** 2
    assert 0.5 < exact.factor / (gaussian * asimov.factor) < 2


@pytest.mark.slow
def test_walls_are_exact() -> None:
    (row,) = REFERENCE["wall_power"]
    question = Question(treatment=Treatment(fixed={"normalisation": None}))
    found = needed(
        [row["omega_eV"]],
        "lightest_mass_eV=0.011",
        question,
        methods=(CompareMethod.ASIMOV, CompareMethod.EXACT),
    )
    asimov, half, most = found.results
    assert (asimov.status, asimov.factor) == ("already", None)
    assert half.factor == pytest.approx(row["days_power_half"], rel=1e-5)
    assert most.factor == pytest.approx(row["days_power_90"], rel=1e-5)
    assert any("wall" in note for note in found.notes)


@pytest.fixture(scope="module")
def two_frequencies() -> ExposureAnswer:
    return needed(
        [1.0699, 1.0711],
        "ordering",
        MASS_RESTS,
        background_per_day=2.0,
        methods=(CompareMethod.EXACT, CompareMethod.TOYS),
    )


def test_exact_power_of_two_frequencies(two_frequencies: ExposureAnswer) -> None:
    """The reference was read from a grid, of which its last point is up to one cell, 1 %, too late."""
    for row in REFERENCE["ordering_exact"]:
        result = next(
            r for r in two_frequencies.results if r.method is CompareMethod.EXACT and r.power == row["power"]
        )
        assert result.factor is not None
        assert 0.985 < result.factor / row["last_days_per_frequency"] < 1.002


def test_teeth_are_all_listed(two_frequencies: ExposureAnswer) -> None:
    half = two_frequencies.results[0]
    assert half.status == "several"
    assert half.factor == half.crossings[-1]
    assert len(half.crossings) % 2 == 1
    assert np.all(np.diff(half.crossings) > 0)


def days_of_one_step(power: float) -> FloatArray:
    """Return all exposures at which one count, that rejects from a whole number on, has a power, d."""
    experiment = Experiment.of(load("gp23_three_frequencies", (ONE_DAY,)))
    truth, alternative, _ = setups_of(experiment, Question(), "ordering")
    # one count says the same of every mass, so the fit of the alternative stays where it stands
    both = Comparison.of(truth.model.expected(truth.theta), truth, alternative)
    more = float(both.counts.sum())
    (less,) = both.alternative.model.expected(both.alternative.theta)
    factors = np.geomspace(1, 10, 100_001)
    critical = poisson.isf(norm.sf(3), less * factors) + 1
    is_enough = poisson.sf(critical - 1, more * factors) >= power
    return factors[1:][is_enough[1:] != is_enough[:-1]]


@pytest.mark.slow
def test_teeth_of_one_step_are_those_of_its_outcomes() -> None:
    """All crossings of its power, the short teeth too."""
    wanted = days_of_one_step(0.9)
    found = needed([1.0711], "ordering", Question(), powers=(0.9,), methods=(CompareMethod.EXACT,))
    (result,) = found.results
    assert len(wanted) == 7
    assert_allclose(result.crossings, wanted, rtol=1e-4)


def test_no_power_depends_on_which_others_are_asked() -> None:
    """The last tooth of 0.9 was between two points where others were asked too."""
    dark = "background=[{name='dark', kind='dark_counts', rate_hz=2e-5}]"
    options: dict[str, Any] = {"methods": (CompareMethod.EXACT,)}
    alone, both = (
        needed([1.0695], "ordering", MASS_RESTS, dark, powers=powers, **options).results[-1]
        for powers in ((0.9,), (0.5, 0.9))
    )
    assert alone == both
    assert both.factor == pytest.approx(8.7062, rel=1e-4)


def test_toys_agree_with_every_outcome(two_frequencies: ExposureAnswer) -> None:
    exact, toys = two_frequencies.results[:2], two_frequencies.results[2:]
    for by_outcome, by_toys in zip(exact, toys, strict=True):
        assert by_outcome.power == by_toys.power
        assert by_outcome.factor is not None
        assert by_toys.factor is not None
        assert by_toys.factor_error is not None
        # four errors, 6e-5 for a false alarm
        assert abs(by_toys.factor - by_outcome.factor) < 4 * by_toys.factor_error


def test_toys_of_one_step_agree_with_every_outcome() -> None:
    """Few exposures that share teeth, over which the power is no line in ln t: the twin draws one."""
    first, *more = days_of_one_step(0.5).tolist()
    assert more
    short, errors, of_line = [], [], []
    for seed in range(8):
        found = needed(
            [1.0711],
            "ordering",
            Question(),
            f"run.seed={seed}",
            powers=(0.5,),
            methods=(CompareMethod.TOYS,),
        )
        (result,), (factor, power, _) = found.results, found.curve["toys"]
        assert result.factor is not None
        assert result.factor_error is not None
        short.append(first - result.factor)
        errors.append(result.factor_error)
        probit = norm.ppf(power)
        first_nine = np.isclose(factor[:, None], np.geomspace(factor[0], factor[-1], 9)).any(axis=1)
        near = first_nine & (np.abs(probit) < 1.5)
        slope, offset = np.polyfit(np.log(factor[near]), probit[near], 1)
        of_line.append(first - np.exp(-offset / slope))
    # four of their errors below the first crossing by chance in 3e-5
    limit = 4 * np.sqrt(np.sum(np.square(errors)))
    assert np.sum(short) < limit < np.sum(of_line)


def test_toys_are_drawn_until_the_error_is_what_is_asked(two_frequencies: ExposureAnswer) -> None:
    """Within four errors of every outcome; without the asked precision the error is larger than it."""
    exact = two_frequencies.results[1]
    row = REFERENCE["ordering_exact"][0]
    options: dict[str, Any] = {"background_per_day": 2.0, "methods": (CompareMethod.TOYS,), "powers": (0.9,)}
    rough, fine = (
        needed(row["omega_eV"], "ordering", MASS_RESTS, n_toys=1000, precision=precision, **options).results[
            0
        ]
        for precision in (0.9, 0.01)
    )
    assert exact.power == rough.power == fine.power
    assert exact.factor is not None
    for found in (rough, fine):
        assert found.factor is not None
        assert found.factor_error is not None
        assert abs(found.factor - exact.factor) < 4 * found.factor_error
    assert rough.factor_error > 0.01 * rough.factor
    assert fine.factor_error <= 0.01 * fine.factor


def test_files_say_what_was_found(two_frequencies: ExposureAnswer, tmp_path: Path) -> None:
    files = write_exposure(two_frequencies, tmp_path / "out")
    assert [path.suffix for path in files] == [".csv", ".png", ".pdf", ".json"]
    rows = [line.split(",") for line in files[0].read_text().splitlines() if not line.startswith("#")][1:]
    assert {row[0] for row in rows} == {"asimov", "exact", "toys"}
    factor, power, _ = two_frequencies.curve["exact"]
    exact = [(float(row[1]), float(row[2])) for row in rows if row[0] == "exact"]
    assert exact == list(zip(factor.tolist(), power.tolist(), strict=True))
    with pytest.raises(SchemaError, match="--force"):
        write_exposure(two_frequencies, tmp_path / "out")


def test_what_never_comes() -> None:
    """A normalisation known to half of itself never tells the orderings apart at one frequency."""
    vague = Question(
        normalisation=Constraint(value=1.0, error=0.5, shape=Shape.LOG_NORMAL),
        treatment=Treatment(fixed={"lightest_mass_eV": None}),
    )
    found = needed([1.0688], "ordering", vague)
    (result,) = found.results
    assert (result.status, result.factor, result.live_time_s) == ("never", None, None)
    assert found.notes[-1].startswith("never: ")
    assert not any(note.startswith("never") for note in needed([1.0688], "ordering", Question()).notes)


def test_mistakes_are_one_line() -> None:
    with pytest.raises(ConfigError, match="--significance"):
        needed([1.0688], "ordering", Question(), significance=0.0)
    with pytest.raises(ConfigError, match="--power"):
        needed([1.0688], "ordering", Question(), powers=(1.5,))
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        needed([1.0688], "order", Question())
    constrained = Question(normalisation=Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL))
    with pytest.raises(ConfigError, match="use toys"):
        needed([1.0688], "ordering", constrained, methods=(CompareMethod.EXACT,))


def test_a_power_that_jumps_is_found_where_it_does() -> None:
    """The truth closes the only step: no count, of probability e^−μ in the alternative, excludes it."""
    found = needed(
        [1.07166],
        "lightest_mass_eV=0",
        Question(),
        powers=(0.5,),
        methods=(CompareMethod.ASIMOV, CompareMethod.TOYS),
        n_toys=4000,
    )
    asimov, toys = found.results
    # Δq = 2μ is 9 for an Asimov set; p = e^−μ is Φ(−3)
    assert asimov.factor is not None
    assert toys.factor == pytest.approx(-np.log(norm.sf(3.0)) / 4.5 * asimov.factor, rel=0.06)
    assert toys.factor_error is not None
    assert 0 < toys.factor_error <= 0.05 * toys.factor
