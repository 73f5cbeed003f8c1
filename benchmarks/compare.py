"""What got slower between two runs of a benchmark: `python -m benchmarks.compare OLD.json NEW.json`.

A figure is slower if its median is worse by more than 5 %, and if its repeats are worse as a whole: a
Mann–Whitney test, exact, at 0.5 %. The test takes the spread as it is, whatever its shape, so a single hiccup
neither hides nor makes a loss; the 5 % are for what differs between two processes and not between repeats of
one, such as where memory lies. Ratios within a run and seconds against a yardstick do not drift with the
machine; plain seconds do. With fewer than five repeats on a side nothing can be told, which is said.
Exit code 1 if anything is slower, 2 if the files cannot be compared.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.report import Row

__all__ = ["FALSE_ALARM", "MARGIN", "Change", "chance", "change_of", "main"]

MARGIN: Final = 0.05
FALSE_ALARM: Final = 0.005
"""Of each row in which nothing changed, before the margin is asked for."""
FEWEST: Final = 5
"""Of four against four even the clearest order has a probability of 1.4 % by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many times worse the new median is, the probability of such repeats by chance, the verdict."""

    times_worse: float
    probability: float
    verdict: str


def change_of(old: Row, new: Row) -> Change:
    """Compare the repeats of one figure."""
    before, after = median(old.repeats), median(new.repeats)
    worse = before / after if new.is_more_better else after / before
    if min(len(old.repeats), len(new.repeats)) < FEWEST:
        return Change(times_worse=worse, probability=1.0, verdict="too few repeats")
    less, greater = chance(new.repeats, old.repeats), chance(old.repeats, new.repeats)
    as_worse, as_better = (less, greater) if new.is_more_better else (greater, less)
    if worse > 1 + MARGIN and as_worse < FALSE_ALARM:
        return Change(times_worse=worse, probability=as_worse, verdict="SLOWER")
    if worse < 1 / (1 + MARGIN) and as_better < FALSE_ALARM:
        return Change(times_worse=worse, probability=as_better, verdict="faster")
    return Change(times_worse=worse, probability=as_worse, verdict="same")


def chance(low: Sequence[float], high: Sequence[float]) -> float:
    """Probability that of two sides of one distribution the first lies so far below the second."""
    against = sum(a >= b for a in low for b in high)
    return sum(_orders(len(low), len(high))[: against + 1]) / comb(len(low) + len(high), len(low))


@cache
def _orders(n: int, m: int) -> list[int]:
    """Of the orders of n and m values, how many have 0, 1, … nm pairs with the first of them above."""
    if n == 0 or m == 0:
        return [1]
    # the greatest value of all is one of the n, above every one of the m, or one of the m
    out = [0] * (n * m + 1)
    for k, count in enumerate(_orders(n - 1, m)):
        out[k + m] += count
    for k, count in enumerate(_orders(n, m - 1)):
        out[k] += count
    return out


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Row]]:
    try:
        table = json.loads(path.read_text("utf-8"))
        return table, {what: Row(**row) for what, row in table["rows"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(_refusal(f"{path}: no figures of a benchmark ({error})")) from None


def _refusal(said: str) -> int:
    print(f"compare: {said}")
    return 2


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args(arguments)
    (old, old_rows), (new, new_rows) = _read(options.old), _read(options.new)
    for key in ("benchmark", "options", "machine"):
        if old[key] != new[key]:
            return _refusal(f"{key} differs: {old[key]} in {options.old}, {new[key]} in {options.new}")
    slower = []
    for what in old_rows.keys() | new_rows.keys():
        if what not in old_rows or what not in new_rows:
            print(f"{what}: only in {options.old if what in old_rows else options.new}")
    for what in [name for name in old_rows if name in new_rows]:
        before, after = old_rows[what], new_rows[what]
        change = change_of(before, after)
        print(f"{change.verdict:15} {_span(before)} → {_span(after)} p {change.probability:.2g}  {what}")
        if change.verdict == "SLOWER":
            slower.append(f"{what} ({change.times_worse:.2f} × as bad)")
    print("slower by more than the noise: " + ("; ".join(slower) or "nothing"))
    return int(bool(slower))


def _span(row: Row) -> str:
    return f"{median(row.repeats):.4g} {row.unit} ({min(row.repeats):.4g} … {max(row.repeats):.4g})"


if __name__ == "__main__":
    raise SystemExit(main())
