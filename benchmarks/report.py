"""What a benchmark found: printed as it comes, and kept as JSON for `benchmarks.compare` if asked."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Report", "Row", "add_json_option"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of a benchmark: each repeat of it, its unit, its goal, and whether more of it is better."""

    repeats: list[float]
    unit: str
    goal: str
    is_more_better: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Rows by what they are of; the file has those that are done, also where the benchmark is stopped."""

    path: Path | None = None
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, what: str, repeats: Sequence[float], goal: str, line: str, unit: str = "ratio") -> None:
        """Print a line and keep the repeats it is the summary of; a goal with ≥ or > wants more of it."""
        print(line, flush=True)
        if what in self.rows:
            raise ValueError(f"{what}: a row of that name is there already")
        more = goal.startswith((">", "≥"))
        self.rows[what] = Row(repeats=list(map(float, repeats)), unit=unit, goal=goal, is_more_better=more)
        if self.path is not None:
            table = {
                "benchmark": Path(sys.argv[0]).stem,
                "options": _options(self.path),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "rows": {name: asdict(row) for name, row in self.rows.items()},
            }
            self.path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _options(path: Path) -> list[str]:
    """What was asked for besides the file."""
    return [word for word in sys.argv[1:] if not word.startswith("--json") and word != str(path)]


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark keep its figures."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures for benchmarks.compare")
