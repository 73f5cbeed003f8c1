"""The guard of speed: a planted slowdown is named, noise is not, whatever the noise looks like."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.compare import NOISES, change_of, main
from benchmarks.report import Report, Row
from benchmarks.timing import Ratio, ratio_of


def row(repeats: list[float], *, is_more_better: bool = False) -> Row:
    return Row(repeats=repeats, unit="ratio", goal="", is_more_better=is_more_better)


def clock(seconds: float, rng: np.random.Generator) -> Callable[[], float]:
    """A side that takes so long and, as on a busy machine, often a tenth more and sometimes far more."""
    return lambda: seconds * (1 + 0.1 * abs(rng.standard_t(3)))


def kept(path: Path, stream: int, slowdown: float) -> Path:
    """Time one thing twice as slow as another, and it `slowdown` times slower than it was."""
    file, rng = path / f"{stream}.json", np.random.default_rng(stream)
    report = Report(file)
    found = ratio_of(clock(2 * slowdown, rng), clock(1, rng))
    found.tell(report, "kernel against its floor", "≤ 2.5", 1)
    backwards = Ratio(tuple((second, first) for first, second in found.rounds))
    backwards.tell(report, "floor against kernel", "≥ 0.4", 1)
    ratio_of(clock(1, rng), clock(1, rng)).tell(report, "left alone", "≤ 1.1", 1)
    return file


def test_a_planted_slowdown_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Through files and command, both ways round, and only what is slower."""
    files = [kept(tmp_path, stream, slowdown) for stream, slowdown in ((1, 1.0), (2, 1.5), (3, 1.0))]
    old, slow, same = files
    assert main([str(old), str(slow)]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "kernel against its floor" in last
    assert "floor against kernel" in last
    assert "left alone" not in last
    assert main([str(slow), str(old)]) == 0
    assert capsys.readouterr().out.count("faster") == 2
    assert main([str(old), str(same)]) == 0


@pytest.mark.parametrize("n", [5, 7])
def test_noise_alone_is_no_loss(n: int) -> None:
    """4000 rows each of three shapes of noise: at most 0.5 % are called slower.

    The number is binomial with at most 20 expected; more than 40 has a probability below 1e-4. Twins that
    take thrice the noise for enough (of five repeats), or look at medians alone, call too many slower.
    """
    rng = np.random.default_rng(1)
    size = (4000, 2, n)
    for noise in (rng.normal(size=size), np.abs(rng.standard_t(3, size)), rng.exponential(size=size)):
        pairs = [(row(old), row(new)) for old, new in (5 + noise).tolist()]

        def called(noises: float, pairs: list[tuple[Row, Row]] = pairs) -> int:
            return [change_of(old, new, noises).verdict for old, new in pairs].count("SLOWER")

        assert called(NOISES) <= 40
        assert called(0.0) > 400
    if n == 5:
        assert called(3.0) > 40


def test_a_loss_within_the_spread_of_a_process_is_none() -> None:
    """Repeats that hardly differ tell 3 % apart, which another process may do with the same code."""
    old = [1.0 + 1e-4 * k for k in range(7)]
    assert change_of(row(old), row([1.03 * x for x in old])).verdict == "same"
    assert change_of(row(old), row([1.08 * x for x in old])).verdict == "SLOWER"
    assert (
        change_of(row(old, is_more_better=True), row([x / 1.08 for x in old], is_more_better=True)).verdict
        == "SLOWER"
    )


def test_one_hiccup_neither_makes_nor_hides_a_loss() -> None:
    old = [1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08]
    hiccup = [*old[:-1], 9.0]
    assert change_of(row(old), row(hiccup)).verdict == "same"
    assert change_of(row(hiccup), row([1.5 * x for x in old])).verdict == "SLOWER"


def test_few_repeats_tell_nothing() -> None:
    assert change_of(row([1.0, 1.0, 1.0]), row([3.0, 3.0, 3.0])).verdict == "too few repeats"


def test_files_that_cannot_be_compared_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for options in ([], ["--quick"]):
        file = tmp_path / f"{len(options)}.json"
        monkeypatch.setattr(sys, "argv", ["bench_x.py", *options, "--json", str(file)])
        Report(file).add("x", [1.0], "≤ 1", "x: 1")
        assert json.loads(file.read_text("utf-8"))["options"] == options
        files.append(str(file))
    assert main(files) == 2
    assert "options differs" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([str(tmp_path / "none.json"), files[0]])
