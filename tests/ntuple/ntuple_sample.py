"""Runs with consistent random columns, as a generator would write them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.ntuple.blind import hide_truth
from renp_sim.ntuple.schema import BACKGROUNDS, EVENTS, RUNS, SCHEMA_MINOR, STEPS, Origin
from renp_sim.ntuple.writer import NtupleWriter

STEP_SECONDS = 1000.0
COMPONENTS = ("dark", "continuum")


@dataclass(frozen=True)
class Sample:
    """The columns of one run; `facts` is its row of `runs`."""

    facts: dict[str, Any]
    steps: dict[str, NDArray[Any]]
    backgrounds: dict[str, NDArray[Any]]
    events: dict[str, NDArray[Any]]

    def with_event_values(self, **columns: NDArray[Any]) -> "Sample":
        return replace(self, events={**self.events, **columns})


def sample(run: int = 1, *, n_events: int = 1000, n_steps: int = 4, lost: float = 0.0) -> Sample:
    """A run with a signal, a control, a dark and further signal steps; a share `lost` is not recorded.

    The last step has no event.
    """
    rng = np.random.default_rng(run)
    step = np.sort(rng.integers(0, max(n_steps - 1, 1), n_events)).astype(np.int32)
    time_s = np.sort(step * STEP_SECONDS + rng.uniform(0, STEP_SECONDS, n_events))
    recorded = rng.random(n_events) >= lost
    kind = np.array([0, 1, 2] + [0] * n_steps, dtype=np.int8)[:n_steps]
    signal = (kind[step] == 0) & (rng.random(n_events) < 0.8)
    events = {
        "run": np.full(n_events, run, np.int64),
        "event": np.arange(n_events, dtype=np.int64),
        "step": step,
        "time_s": time_s,
        "photon_energy_eV": np.where(recorded, rng.normal(1.07, 0.03, n_events), np.nan).astype(np.float32),
        "channel": rng.integers(0, 4, n_events).astype(np.int16),
        "recorded": recorded,
        "weight": np.ones(n_events),
        "origin": np.where(signal, Origin.SIGNAL, Origin.DARK).astype(np.int8),
        "nu_i": np.where(signal, rng.integers(1, 4, n_events), 0).astype(np.int8),
        "nu_j": np.where(signal, rng.integers(1, 4, n_events), 0).astype(np.int8),
    }
    for branch in EVENTS.branches:
        if branch.name not in events:
            values = np.where(signal, rng.normal(size=n_events), np.nan)
            events[branch.name] = values.astype(branch.dtype)
    n_recorded = np.bincount(step[recorded], minlength=n_steps)
    n_generated = np.bincount(step[signal], minlength=n_steps)
    steps: dict[str, Any] = {
        "run": np.full(n_steps, run, np.int64),
        "step": np.arange(n_steps, dtype=np.int32),
        "scan_pass": np.zeros(n_steps, np.int32),
        "kind": kind,
        "start_s": np.arange(n_steps) * STEP_SECONDS,
        "duration_s": np.full(n_steps, STEP_SECONDS),
        "live_time_s": np.full(n_steps, 0.9 * STEP_SECONDS),
        "n_recorded": n_recorded.astype(np.int64),
        "n_generated": n_generated.astype(np.int64),
    }
    for branch in STEPS.branches:
        if branch.name not in steps:
            steps[branch.name] = rng.random(n_steps)
    n_rows = n_steps * len(COMPONENTS)
    backgrounds = {
        "run": np.full(n_rows, run, np.int64),
        "step": np.repeat(np.arange(n_steps, dtype=np.int32), len(COMPONENTS)),
        "component": np.tile(np.arange(len(COMPONENTS), dtype=np.int16), n_steps),
        "expected_rate_hz": rng.random(n_rows),
        "rate_error_hz": rng.random(n_rows),
        "present": np.ones(n_rows, bool),
        "mu": rng.random(n_rows),
    }
    facts: dict[str, Any] = {
        "run": run,
        "schema_major": 1,
        "schema_minor": SCHEMA_MINOR,
        "seed": 2**64 - run,
        "n_events": n_events,
        "n_recorded": int(recorded.sum()),
        "n_generated": int(signal.sum()),
        "live_time_s": steps["live_time_s"].sum(),
        "wall_time_s": steps["duration_s"].sum(),
        "is_blind": False,
        "is_poisson": True,
        "ordering": run % 2,
        "nature": 0,
    }
    for branch in RUNS.flat:
        facts.setdefault(branch.name, rng.random())
    facts["config"] = {
        "run": {"name": "γ" * run, "seed": facts["seed"]},
        "neutrino": {"lightest_mass_eV": 0.01},
        "background": [{"name": name} for name in COMPONENTS],
    }
    facts["provenance"] = {"command_line": "renp-sim generate" + " x" * run}
    return Sample(facts=facts, steps=steps, backgrounds=backgrounds, events=events)


def blind(full: Sample) -> Sample:
    """The same run with its truth removed."""
    flat = {b.name: np.asarray([full.facts[b.name]]).astype(b.dtype) for b in RUNS.flat}
    facts = {name: values[0] for name, values in hide_truth(RUNS, flat).items()}
    config = {"run": {"name": "blind", "sha256": "0f"}, "background": full.facts["config"]["background"]}
    return Sample(
        facts={**facts, "is_blind": True, "config": config, "provenance": full.facts["provenance"]},
        steps=hide_truth(STEPS, full.steps),
        backgrounds=hide_truth(BACKGROUNDS, full.backgrounds),
        events=hide_truth(EVENTS, full.events),
    )


def write(path: Path, *runs: Sample, **options: Any) -> Path:
    with NtupleWriter(path, **options) as writer:
        for run in runs:
            writer.events(run.events)
            writer.steps(run.steps)
            writer.backgrounds(run.backgrounds)
            writer.run(run.facts)
    return path
