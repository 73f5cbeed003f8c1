"""A thousand run files with mistakes in them: each is understood, or refused with a line for each mistake."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from renp_sim.app.rates import rate_of_schedule
from renp_sim.errors import ConfigError, NumericsError
from renp_sim.runfile.reading import EXAMPLES, apply_settings, example_text, read_table
from renp_sim.runfile.run import Run, load, run_from_table

N_FILES = 1000
MOST_MUTATIONS = 3

EVERYTHING: dict[str, Any] = {
    "run": {"name": "all", "seed": 3, "number": 7},
    "target": {"atom": {"name": "Yb", "j_e": 0}, "density_cm3": 2e21, "spin_tensor": 0.5, "coherence": 0.9},
    "neutrino": {"ordering": "inverted", "nature": "dirac", "lightest_mass_eV": 0.02, "dm2_21_eV2": 7e-5},
    "laser": {
        "linewidth_eV": 1e-6,
        "settling_s": 10.0,
        "pulses": {"repetition_hz": 10.0, "window_s": 1e-3, "coherence_decay_s": 5e-4},
        "calibration": {"common_offset_eV": "draw", "common_error_eV": 1e-6, "step_error_eV": 1e-7},
        "scan": [
            {
                "start_eV": 1.06,
                "stop_eV": 1.0715,
                "points": 4,
                "total_duration_s": 1e6,
                "control_fraction": 0.1,
            },
            {"omegas_eV": [1.0, 1.05], "total_duration_s": 1e6, "allocation": "equal_counts", "passes": 2},
        ],
        "steps": [{"omega_eV": 1.07, "duration_s": 100.0, "kind": "dark", "coherence": 0.5}],
    },
    "detector": {
        "efficiency": {"kind": "turn_on", "energy_eV": 1.0, "width_eV": 0.02, "common_error_rel": 0.1},
        "energy_window_eV": [0.9, 1.2],
        "resolution": {"kind": "gaussian", "sigma_eV": 0.03},
        "dead_time": {"kind": "non_paralysable", "tau_s": 1e-7},
    },
    "background": [
        {"name": "dark", "kind": "dark_counts", "rate_hz": 1e-3, "error_rel": 0.1},
        {"name": "sky", "kind": "continuum", "rate_hz": 0.1, "spectrum": "flat"},
        {
            "name": "glow",
            "kind": "continuum",
            "rate_hz": 0.1,
            "spectrum": {"kind": "exponential", "low_eV": 0.5, "high_eV": 2.0, "scale_eV": 0.3},
        },
        {
            "name": "qed",
            "kind": "qed",
            "rate_hz": 5.0,
            "suppression": 1e-4,
            "reference_density_cm3": {"n_a": 1e21, "n_gamma": 1e21},
            "powers": {"n_a": 2, "n_gamma": 1},
            "omega_slope_per_eV": 0.5,
        },
        {"name": "leak", "kind": "laser_leakage", "rate_hz": 1e-3},
    ],
    "drift": {"efficiency": {"kind": "exponential", "total_rel": -0.1}, "density": {"total_rel": 0.1}},
    "output": {"keep_undetected": True, "compression": "zstd"},
}
VECTOR = {
    "mass_eV": 0.1,
    "g_electron": 1e-12,
    "g_left": {"11": 1e-12, "12": [1e-12, 0.0]},
    "longitudinal": True,
}
SCALAR = {"mass_eV": 0.1, "y_electron": 1e-6, "y_scalar": {"33": 1e-12}, "width_eV": 1e-6}
INTERACTIONS: list[dict[str, Any]] = [
    {"model": "standard_model"},
    {"model": "vector_mediator", **VECTOR},
    {"model": "scalar_mediator", **SCALAR},
    {"model": "em_moments", "magnetic_muB": {"12": [1e-11, -1e-11], "33": 1e-12}},
]
TURN_ON = {"kind": "turn_on", "energy_eV": 1.0, "width_eV": 0.02, "common_error_rel": 0.1}
CHANNELS = [{"share": 0.4, "efficiency": TURN_ON}, {"share": 0.5, "efficiency": 0.2}]
AFTER = {"probability": 0.02, "decay_s": 1e-6}
SEVERAL = EVERYTHING | {
    "detector": {"energy_window_eV": [0.9, 1.2], "channels": CHANNELS, "afterpulse": AFTER}
}
SOUND = (
    [read_table(name) for name in EXAMPLES]
    + [SEVERAL]
    + [EVERYTHING | {"interaction": i} for i in INTERACTIONS]
)

NUMBERS = [0, -1, 1, 3, 0.5, -0.0, 1e-300, 5e-324, 1e-100, 1e-30, 1e30, 1e200, -1e200, math.inf, -math.inf]
NUMBERS += [math.nan, 10**400]
TEXTS = ["", "a", "draw", "auto", "flat", "Xe", "majorana", "20%", "1e-6", "../x", "a\0b", "a\nb", "\u202e"]
TEXTS += ["ν" * 300]
OTHERS: list[Any] = [True, False, [], {}, [[]], [1.0, 2.0], {"kind": "flat"}, [{}], {"a": {"b": 1}}]
OTHERS += [date(2026, 1, 1)]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with a key or a position in it."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


def mutate(table: dict[str, Any], rng: np.random.Generator) -> None:
    """Change one thing: take it away, mistype or move its key, or give it another value."""
    every = list(places(table))
    node, key = every[rng.integers(len(every))]
    other, _ = every[rng.integers(len(every))]
    match rng.integers(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[key[:-1] + "x"] = node.pop(key)
        case 2 if isinstance(node, dict) and isinstance(other, dict):
            other[key] = deepcopy(node[key])
        case 3 if isinstance(node, list):
            node.append(deepcopy(node[key]))
        case 4 if isinstance(node[key], float):
            node[key] *= 10.0 ** rng.integers(-40, 40)
        case 5:
            node[key] = TEXTS[rng.integers(len(TEXTS))]
        case 6:
            node[key] = OTHERS[rng.integers(len(OTHERS))]
        case _:
            node[key] = NUMBERS[rng.integers(len(NUMBERS))]


def told(call: Callable[[], Run]) -> tuple[Run | None, tuple[str, ...]]:
    """Return the run, or None and the lines that say why there is none; any other error is not caught."""
    try:
        return call(), ()
    except ConfigError as error:
        return None, error.problems


def require_lines(lines: tuple[str, ...]) -> None:
    """Check that each mistake has one line, which a terminal can show."""
    assert lines
    assert len(set(lines)) == len(lines)
    for line in lines:
        assert line.isprintable(), line
        assert len(line) < 400, line
        assert ":" in line, line


def require_numbers(run: Run) -> None:
    """Check that a run gives itself back, and that its rates are numbers or a refusal in one line."""
    assert run_from_table(json.loads(json.dumps(run.resolved(), allow_nan=False))).number == run.number
    tomli_w.dumps(run.resolved())
    # of some dead times there is no mean, which needs rates to be seen
    with suppress(NumericsError, ConfigError):
        json.dumps(rate_of_schedule(run).as_dict(), allow_nan=False)


@pytest.mark.parametrize("part", range(10))
def test_a_run_file_is_understood_or_refused(part: int) -> None:
    """No traceback, no warning, no number that is none."""
    rng = np.random.default_rng(part)
    n_understood = 0
    for _ in range(N_FILES // 10):
        table = deepcopy(SOUND[rng.integers(len(SOUND))])
        for _ in range(rng.integers(1, MOST_MUTATIONS + 1)):
            mutate(table, rng)
        run, lines = told(partial(run_from_table, table))
        if run is None:
            require_lines(lines)
        else:
            n_understood += 1
            require_numbers(run)
    assert n_understood >= 3


def test_damaged_text_is_understood_or_refused(tmp_path: Path) -> None:
    """Run files with a few characters that are gone, doubled or others."""
    rng = np.random.default_rng(1)
    path = tmp_path / "run.toml"
    sound = [example_text("fine_scan").encode(), tomli_w.dumps(SOUND[-1]).encode()]
    for _ in range(200):
        text = bytearray(sound[rng.integers(len(sound))])
        for _ in range(rng.integers(1, 4)):
            place = int(rng.integers(len(text)))
            text[place : place + int(rng.integers(3))] = rng.bytes(int(rng.integers(3)))
        path.write_bytes(text)
        run, lines = told(partial(load, path))
        if run is None:
            require_lines(lines)


def test_settings_are_understood_or_refused() -> None:
    rng = np.random.default_rng(2)
    pieces = [
        "laser",
        "scan",
        ".",
        "[",
        "]",
        "0",
        "[0]",
        "=",
        "x",
        "²",
        "{",
        "'",
        "1e400",
        "nan",
        "run",
        "seed",
        "",
    ]
    for _ in range(300):
        setting = "".join(pieces[k] for k in rng.integers(len(pieces), size=rng.integers(1, 9)))
        run, lines = told(lambda s=setting: run_from_table(apply_settings(EVERYTHING, [s])))  # type: ignore[misc]
        if run is None:
            require_lines(lines)
