"""Limits, belts, exposures and comparisons by toys: the same numbers whoever draws and fits them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.analysis.infer.statistic import Kind
from renp_sim.analysis.infer.toys import gathered, parts_of, statistic_of
from renp_sim.app.compare import CompareMethod, compare
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.limit import LimitMethod, PValues, limit_of
from renp_sim.app.question import Question
from renp_sim.app.subject import Subject
from renp_sim.parallel.choice import executing
from renp_sim.parallel.executor import Executor, Future, Serial, Shared
from renp_sim.runfile.run import load
from tests.analysis.infer.counting import counting_setup
from tests.app.toy_files import DARK, MASS_RESTS

SCALAR = ("interaction.model=scalar_mediator", "interaction.mass_eV=1", "interaction.y_electron=1")
COUPLING = "interaction.y_scalar.11"
SHORT = "laser.scan=[{omegas_eV=[1.0699], total_duration_s=2e4}]"


class Counting:
    """Knows what it was asked for, and how much of it at the same time."""

    window = 3

    def __init__(self) -> None:
        self.functions: list[str] = []
        self.under_way = self.most = 0

    def submit(self, function: Any, /, *arguments: Any) -> Future:
        self.functions.append(function.__name__)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return Serial().submit(self.made, function, arguments)

    def made(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        self.under_way -= 1
        return function(*arguments)


def belts(folder: Path, executor: Executor | None) -> tuple[dict[str, Any], bytes]:
    path = folder / "belts.npz"
    path.unlink(missing_ok=True)
    options = {"method": LimitMethod.FELDMAN_COUSINS, "n_toys": 150, "belts": path}
    return limited(executor, SHORT, **options), path.read_bytes()


def limited(executor: Executor | None, *settings: str, **options: Any) -> dict[str, Any]:
    subject = Subject.of(load("gp23_three_frequencies", (*SCALAR, *settings)))
    return limit_of(subject, Question(), COUPLING, executor=executor, **options).as_dict()


def counted_belts(folder: Path, executor: Executor | None) -> dict[str, Any]:
    return limited(executor, SHORT, method=LimitMethod.FELDMAN_COUSINS)


def cls(folder: Path, executor: Executor | None) -> dict[str, Any]:
    return limited(executor, SHORT, method=LimitMethod.CLS, p_values=PValues.TOYS, n_toys=300)


def band(folder: Path, executor: Executor | None) -> dict[str, Any]:
    return limited(executor, DARK, method=LimitMethod.ASIMOV, band=True, n_toys=100)


def exposures(folder: Path, executor: Executor | None) -> dict[str, Any]:
    run = load("gp23_three_frequencies", (DARK,))
    options = {"methods": [CompareMethod.TOYS], "significance": 1.5, "n_toys": 100, "precision": 0.2}
    return exposure_needed(run, MASS_RESTS, "ordering", executor=executor, **options).as_dict()


def counted_exposures(folder: Path, executor: Executor | None) -> dict[str, Any]:
    run = load("gp23_three_frequencies", (SHORT,))
    options = {"methods": [CompareMethod.EXACT], "significance": 1.0, "powers": (0.5,)}
    return exposure_needed(run, MASS_RESTS, "ordering", executor=executor, **options).as_dict()


def compared(folder: Path, executor: Executor | None) -> dict[str, Any]:
    subject = Subject.of(load("gp23_three_frequencies", (SHORT,)))
    method = CompareMethod.TOYS
    return compare(subject, MASS_RESTS, "ordering", method=method, n_toys=40_000, executor=executor).as_dict()


@pytest.mark.parametrize(
    ("made", "function"),
    [
        (belts, "_acceptance"),
        (counted_belts, "_acceptance"),
        (cls, "statistic_of"),
        (band, "_roots"),
        (exposures, "_drawn"),
        (counted_exposures, "_point"),
        (compared, "_drawn"),
    ],
)
def test_numbers_do_not_depend_on_who_makes_them(tmp_path, made, function):
    """Bit by bit, and a file of belts byte by byte."""
    alone, counting = made(tmp_path, None), Counting()
    assert made(tmp_path, counting) == alone
    assert set(counting.functions) == {function}
    assert len(counting.functions) >= 3
    assert counting.most == (2 if made is cls else 3)
    with executing(2) as executor:
        assert made(tmp_path, executor) == alone


def test_toys_in_parts_are_those_of_one_part():
    """A part that is begun in the middle of a block too; each call has its own parts."""

    def drawn(first: int, part: Any) -> list[int]:
        return list(range(first + part.first, first + part.last))

    calls = [((n,), parts_of(1, n, 100, 16)) for n in (0, 5, 16, 100)]
    found = [[toy for part in each for toy in part] for each in gathered(Serial(), drawn, calls)]
    assert found == [list(range(2 * n, n + 100)) for n in (0, 5, 16, 100)]


def test_a_toy_is_the_same_in_any_part():
    setup = Shared(counting_setup(1.0, 3.0, 0.1))
    call = (setup, "normalisation", Kind.TWO_SIDED, setup.value.theta, 2.0)
    one, many = (np.concatenate([statistic_of(*call, p) for p in parts_of(1, 0, 300, n)]) for n in (300, 70))
    # what a search shares between toys moves their last digits
    assert many == pytest.approx(one, rel=1e-6, abs=1e-6)
