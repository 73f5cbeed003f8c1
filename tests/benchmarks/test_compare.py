"""The guard of speed: a planted slowdown is named, noise is not, whatever the noise looks like."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from benchmarks.compare import FALSE_ALARM, chance, change_of, main
from benchmarks.report import Report, Row
from benchmarks.timing import Ratio, interleaved


def row(repeats: list[float], *, is_more_better: bool = False) -> Row:
    return Row(repeats=repeats, unit="ratio", goal="", is_more_better=is_more_better)


def wait(seconds: float) -> None:
    time.sleep(seconds)


def kept(path: Path, name: str, slowdown: float) -> Path:
    """Time one thing twice as slow as another, and it `slowdown` times slower than it was."""
    file = path / f"{name}.json"
    report = Report(file)
    found = interleaved(lambda: wait(0.01 * slowdown), lambda: wait(0.005))
    found.tell(report, "kernel against its floor", "≤ 2.5", 1)
    backwards = Ratio(tuple((second, first) for first, second in found.rounds))
    backwards.tell(report, "floor against kernel", "≥ 0.4", 1)
    interleaved(lambda: wait(0.005), lambda: wait(0.005)).tell(report, "left alone", "≤ 1.1", 1)
    return file


def test_a_planted_slowdown_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the clock itself, so of what a machine's noise is; both ways round, and only what is slower."""
    old, slow = kept(tmp_path, "old", 1.0), kept(tmp_path, "slow", 1.5)
    assert main([str(old), str(slow)]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "kernel against its floor" in last
    assert "floor against kernel" in last
    assert "left alone" not in last
    assert main([str(slow), str(old)]) == 0
    assert capsys.readouterr().out.count("faster") == 2
    assert main([str(old), str(old)]) == 0


@pytest.mark.parametrize("n", [5, 7])
def test_noise_alone_is_no_loss(n: int) -> None:
    """4000 rows of a heavy-tailed spread of 20 %: at most the stated share is called slower.

    The number called so is binomial with at most 20 expected; more than 40 has a probability below 1e-4. A
    twin that looks at the medians alone calls a third of them slower.
    """
    rng = np.random.default_rng(1)
    draws = 1 + 0.2 * np.abs(rng.standard_t(3, size=(4000, 2, n)))
    verdicts = [change_of(row(old.tolist()), row(new.tolist())).verdict for old, new in draws]
    assert verdicts.count("SLOWER") <= 40
    assert 4000 * FALSE_ALARM == 20
    medians = np.median(draws, axis=2)
    assert np.mean(medians[:, 1] > 1.05 * medians[:, 0]) > 0.25


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


def test_chances_are_those_of_the_exact_test() -> None:
    rng = np.random.default_rng(1)
    for n, m in ((5, 5), (5, 8), (7, 6)):
        low, high = rng.normal(0.0, 1.0, n).tolist(), rng.normal(0.5, 1.0, m).tolist()
        expected = mannwhitneyu(low, high, alternative="less", method="exact").pvalue
        assert chance(low, high) == pytest.approx(expected, rel=1e-12)


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
