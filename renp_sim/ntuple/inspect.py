"""Validate ntuples: keys, sums, order, weights and blindness, in one pass of bounded memory."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.ntuple.blind import HIDDEN_SECTIONS, shown_keys, shown_truth
from renp_sim.ntuple.content import ContentHash, damage
from renp_sim.ntuple.histogram import PhotonEnergyHistogram
from renp_sim.ntuple.opening import Paths, find_files
from renp_sim.ntuple.reader import (
    NtupleTables,
    iterate_events,
    legend_and_histogram,
    tables_and_faults,
    why_twice,
)
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, SCHEMA_VERSION, STEPS, Columns, schema_json
from renp_sim.ntuple.tally import EventTally, begins_of
from renp_sim.ntuple.toy_reader import is_toy_file
from renp_sim.ntuple.toy_summary import ToySummary

__all__ = ["Report", "RunSummary", "inspect"]

SUM_TOLERANCE: Final = 1e-9
"""Relative: a sum over steps depends on the order of its terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A row of `runs` in short, with the events that were found."""

    path: Path
    run: int
    n_steps: int
    n_events: int
    n_recorded: int
    live_time_s: float
    wall_time_s: float
    is_blind: bool
    is_poisson: bool
    is_hashed: bool
    """Whether its content is compared with hashes; not in schema 1.0, nor where it is doubled."""
    is_doubled: bool
    """Whether it has several rows in `runs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The runs of all files, and a line for each fault."""

    runs: tuple[RunSummary, ...]
    faults: tuple[str, ...]
    toys: tuple[ToySummary, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        runs = [asdict(run) | {"path": str(run.path)} for run in self.runs]
        table = {"is_sound": self.is_sound, "runs": runs, "faults": list(self.faults)}
        return table | {"toys": [each.as_dict() for each in self.toys]} if self.toys else table


def inspect(paths: Paths) -> Report:
    """Check one or several files, alone and against each other.

    Raises
    ------
    SchemaError
        If no file is there. A file that cannot be read is a fault of the report.
    """
    runs: list[RunSummary] = []
    toys: list[ToySummary] = []
    faults: list[str] = []
    home: dict[int, Path] = {}
    for path in find_files(paths):
        try:
            if is_toy_file(path):
                toys.append(ToySummary.of(path))
                continue
            tables, untrusted = tables_and_faults(path)
            tallies, damaged = _tally_events(path, tables)
        except SchemaError as error:
            faults.append(str(error))
            continue
        faults += [f"{path}: {fault}" for fault in (*untrusted, *damaged)]
        faults += [f"{path}: {fault}" for fault in _orphans(tables, tallies)]
        for run in dict.fromkeys(tables.runs["run"].tolist()):
            if home.setdefault(run, path) != path:
                faults.append(f"{path}: run {run}: is also in {home[run]}: its photons would count twice")
            faults += [f"{path}: run {run}: {fault}" for fault in _run_faults(tables, run, tallies[run])]
            runs.append(_summary(path, tables, run, tallies[run]))
    return Report(runs=tuple(runs), faults=tuple(faults), toys=tuple(toys))


def _tally_events(path: Path, tables: NtupleTables) -> tuple[dict[int, EventTally], list[str]]:
    """Read all events of a file, every branch, with a line for each thing that is not as it was written."""
    hashes, histogram = ContentHash(branch.name for branch in EVENTS.flat), PhotonEnergyHistogram()
    promises = zip(*(tables.runs[name].tolist() for name in ("run", "is_blind", "is_poisson")), strict=True)
    tallies = {
        run: EventTally(is_blind=is_blind, is_poisson=is_poisson) for run, is_blind, is_poisson in promises
    }
    for block in iterate_events(path, verify=False):
        hashes.add(block)
        histogram.fill(block["photon_energy_eV"], block["recorded"])
        for run in np.unique(block["run"][begins_of(block["run"])]).tolist():
            tallies.setdefault(run, EventTally()).add(_rows_of(block, run))
    faults = list(damage(tables.hashes, EVENTS.name, hashes.of))
    legend, counts = legend_and_histogram(path)
    if not np.array_equal(counts, histogram.counts):
        faults.append("photon_energy does not count the recorded photons of events")
    told, own = _without_words(legend), _without_words(schema_json())
    if told["version"] == SCHEMA_VERSION and told != own:
        faults.append(f"schema does not describe schema {SCHEMA_VERSION}")
    return tallies, faults


def _without_words(legend: str) -> Any:
    """Return what a legend says to a program: what words say better later is no fault of an older file."""
    words = ("meaning", "row")
    return json.loads(legend, object_hook=lambda table: {k: v for k, v in table.items() if k not in words})


def _orphans(tables: NtupleTables, tallies: dict[int, EventTally]) -> Iterator[str]:
    """Yield rows that belong to no run or no step."""
    known = set(tables.runs["run"].tolist())
    for run in tallies.keys() - known:
        yield f"run {run}: {tallies[run].rows} rows in events, but no row in runs"
    for name, columns in (("steps", tables.steps), ("backgrounds", tables.backgrounds)):
        for run in sorted(set(columns["run"].tolist()) - known):
            yield f"run {run}: rows in {name}, but no row in runs"
    for run, step in sorted(_step_keys(tables.backgrounds) - _step_keys(tables.steps)):
        yield f"run {run}: backgrounds of step {step}, which has no row in steps"


def _step_keys(columns: Columns) -> set[tuple[int, int]]:
    return set(zip(columns["run"].tolist(), columns["step"].tolist(), strict=True))


def _run_faults(tables: NtupleTables, run: int, tally: EventTally) -> Iterator[str]:
    rows = np.flatnonzero(tables.runs["run"] == run)
    if len(rows) > 1:
        yield why_twice(tables, run)
        return
    facts = {name: values[rows[0]].item() for name, values in tables.runs.items()}
    steps = _rows_of(tables.steps, run)
    yield from tally.faults
    yield from _key_faults("steps", steps, ("step",))
    yield from _key_faults("backgrounds", _rows_of(tables.backgrounds, run), ("step", "component"))
    yield from _sum_faults(facts, steps, tally)
    yield from _step_faults(steps, tally)
    if facts["is_blind"]:
        yield from _blindness_faults(tables, run, int(rows[0]))


def _key_faults(name: str, columns: Columns, key: tuple[str, ...]) -> Iterator[str]:
    keys = np.stack([columns[part] for part in key])
    if np.unique(keys, axis=1).shape != keys.shape:
        yield f"(run, {', '.join(key)}) is not unique in {name}"


def _sum_faults(facts: dict[str, Any], steps: Columns, tally: EventTally) -> Iterator[str]:
    counts = [
        ("n_events", "rows in events", tally.rows),
        ("n_recorded", "recorded photons in events", tally.recorded),
        ("n_recorded", "recorded photons in steps", int(steps["n_recorded"].sum())),
    ]
    if not facts["is_blind"]:
        counts.append(("n_generated", "generated photons in steps", int(steps["n_generated"].sum())))
    for name, what, count in counts:
        if count != facts[name]:
            yield f"{count} {what}, runs.{name} = {facts[name]}: rows lost or doubled, merge it again"
    live_s, wall_s = float(steps["live_time_s"].sum()), facts["wall_time_s"]
    if not np.isclose(live_s, facts["live_time_s"], rtol=SUM_TOLERANCE, atol=0.0):
        yield f"steps.live_time_s sums to {live_s!r}, runs.live_time_s = {facts['live_time_s']!r}"
    end_s = steps["start_s"] + steps["duration_s"]
    last_s = float(np.max(end_s, initial=0.0))
    if not np.isclose(last_s, wall_s, rtol=SUM_TOLERANCE, atol=0.0):
        yield f"the last step ends at {last_s!r} s, runs.wall_time_s = {wall_s!r}"
    early = np.flatnonzero(steps["start_s"][1:] < end_s[:-1] - SUM_TOLERANCE * last_s)
    if len(early):
        step = int(steps["step"][early[0] + 1])
        yield f"step {step} starts before the one before it ends: start_s contradicts duration_s"


def _step_faults(steps: Columns, tally: EventTally) -> Iterator[str]:
    stated = dict(zip(steps["step"].tolist(), steps["n_recorded"].tolist(), strict=True))
    for step in sorted(tally.recorded_per_step.keys() - stated.keys()):
        yield f"events of step {step}, which has no row in steps"
    for step, count in stated.items():
        found = tally.recorded_per_step.get(step, 0)
        if found != count:
            yield f"step {step}: {found} recorded photons in events, steps.n_recorded = {count}"


def _blindness_faults(tables: NtupleTables, run: int, row: int) -> Iterator[str]:
    for tree, columns in ((RUNS, tables.runs), (STEPS, tables.steps), (BACKGROUNDS, tables.backgrounds)):
        for name, shown in shown_truth(tree, _rows_of(columns, run)).items():
            if shown.any():
                yield f"is blind but {tree.name}.{name} shows truth"
    config = tables.config[row]
    for section in HIDDEN_SECTIONS:
        if section in config:
            yield f"is blind but its configuration has [{section}]"
    for key in shown_keys(config):
        yield f"is blind but its configuration has {key}"


def _rows_of(columns: Columns, run: int) -> Columns:
    mine: NDArray[np.bool_] = columns["run"] == run
    return columns if mine.all() else {name: values[mine] for name, values in columns.items()}


def _summary(path: Path, tables: NtupleTables, run: int, tally: EventTally) -> RunSummary:
    row, *others = np.flatnonzero(tables.runs["run"] == run).tolist()
    return RunSummary(
        path=path,
        run=run,
        n_steps=int(np.count_nonzero(tables.steps["run"] == run)),
        n_events=tally.rows,
        n_recorded=tally.recorded,
        live_time_s=float(tables.runs["live_time_s"][row]),
        wall_time_s=float(tables.runs["wall_time_s"][row]),
        is_blind=bool(tables.runs["is_blind"][row]),
        is_poisson=bool(tables.runs["is_poisson"][row]),
        is_hashed=run in tables.hashes,
        is_doubled=bool(others),
    )
