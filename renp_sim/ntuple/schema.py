"""The ntuple, schema 1.1: the only place where a branch is named.

Trees are flat TTrees and every file has every branch, blind or not, so that any set of files merges with
plain `hadd`. The unit is the end of the branch name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BACKGROUNDS",
    "EVENTS",
    "LEGENDS",
    "RUNS",
    "SCHEMA_MAJOR",
    "SCHEMA_MINOR",
    "SCHEMA_NAME",
    "SCHEMA_VERSION",
    "STEPS",
    "TREES",
    "Branch",
    "Columns",
    "Origin",
    "Tree",
    "markdown_of",
    "markdown_table",
    "schema_json",
]

SCHEMA_NAME: Final = "renp-sim"
SCHEMA_MAJOR: Final = 1
SCHEMA_MINOR: Final = 1
SCHEMA_VERSION: Final = f"{SCHEMA_MAJOR}.{SCHEMA_MINOR}"

Columns = Mapping[str, NDArray[Any]]
"""Branch name → values, all of one length."""

BLOB: Final = "var * uint8"
"""A JSON text as bytes: strings of different length would crash `hadd` when it recompresses."""


class Origin(IntEnum):
    """What made a recorded photon."""

    HIDDEN = -1
    SIGNAL = 0
    DARK = 1
    CONTINUUM = 2
    QED = 3
    LEAKAGE = 4
    AFTERPULSE = 5


LEGENDS: Final[Mapping[str, Mapping[int, str]]] = {
    "origin": {origin.value: origin.name.lower() for origin in Origin},
    "kind": {0: "signal", 1: "control (laser on, no coherence)", 2: "dark (laser off)"},
    "ordering": {-1: "hidden", 0: "normal", 1: "inverted"},
    "nature": {-1: "hidden", 0: "dirac", 1: "majorana"},
}

UNITS: Final = {"eV": "eV", "eV2": "eV^2", "s": "s", "cm": "cm", "hz": "Hz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch.

    Parameters
    ----------
    name
        Its last part is the unit, if it has one.
    dtype
        A numpy dtype, or `BLOB`.
    meaning
        One line for the legend.
    truth
        Whether a blind file hides it.
    hidden_id
        What an integer branch holds where it is hidden; a float is NaN.
    since
        The minor version that brought it; files of an earlier one lack it.

    Examples
    --------
    >>> Branch(name="omega_set_eV", dtype="float64", meaning="set trigger frequency").unit
    'eV'
    >>> Branch(name="coherence", dtype="float64", meaning="η").unit
    ''
    """

    name: str
    dtype: str
    meaning: str
    truth: bool = False
    hidden_id: int = -1
    since: int = 0

    @property
    def unit(self) -> str:
        """Unit that the name ends in, empty for a dimensionless branch."""
        return UNITS.get(self.name.rpartition("_")[2], "")

    @property
    def is_blob(self) -> bool:
        """Whether each row is a JSON text of its own length."""
        return self.dtype == BLOB

    @property
    def hidden(self) -> float:
        """What stands in a blind file where the truth would be."""
        return np.nan if np.dtype(self.dtype).kind == "f" else self.hidden_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree: its name, what a row is, and its branches in file order."""

    name: str
    row: str
    branches: tuple[Branch, ...]

    @property
    def flat(self) -> tuple[Branch, ...]:
        """The branches with one number per row."""
        return tuple(branch for branch in self.branches if not branch.is_blob)

    @property
    def blobs(self) -> tuple[Branch, ...]:
        """The branches with a JSON text per row."""
        return tuple(branch for branch in self.branches if branch.is_blob)


def _known(name: str, dtype: str, meaning: str) -> Branch:
    return Branch(name=name, dtype=dtype, meaning=meaning)


def _truth(name: str, dtype: str, meaning: str, hidden_id: int = -1) -> Branch:
    return Branch(name=name, dtype=dtype, meaning=meaning, truth=True, hidden_id=hidden_id)


RUNS: Final = Tree(
    name="runs",
    row="one row per run, written last",
    branches=(
        _known("run", "int64", "run number, below 2^53"),
        _known("schema_major", "int32", "version of this schema: a new one cannot be read by old programs"),
        _known("schema_minor", "int32", "version of this schema: branches added"),
        _truth("seed", "uint64", "the one seed of the run; 0 when blind", hidden_id=0),
        _known("n_events", "int64", "rows of events"),
        _known("n_recorded", "int64", "recorded photons"),
        _truth("n_generated", "int64", "signal photons generated"),
        _known("live_time_s", "float64", "open time less dead time, sum over steps"),
        _known("wall_time_s", "float64", "wall time, settling between steps included"),
        _known("is_blind", "bool", "truth removed"),
        _known("is_poisson", "bool", "counts are Poisson; if not, weights restore the expectation"),
        _known("e_eg_eV", "float64", "energy of the excited level e above the ground level g"),
        _known("e_vg_eV", "float64", "energy of the intermediate level v above the ground level g"),
        _known("gamma_ref_hz", "float64", "reference rate of the atom"),
        _known("spin_f_l", "float64", "longitudinal share f_L of the spin tensor"),
        _truth("ordering", "int8", "mass ordering"),
        _truth("nature", "int8", "nature of the neutrino"),
        _truth("sin2_theta12", "float64", "sin^2 of the mixing angle theta_12"),
        _truth("sin2_theta13", "float64", "sin^2 of the mixing angle theta_13"),
        _truth("dm2_21_eV2", "float64", "m_2^2 - m_1^2"),
        _truth("dm2_3l_eV2", "float64", "m_3^2 - m_1^2 (normal) or m_3^2 - m_2^2 (inverted)"),
        _truth("m1_eV", "float64", "neutrino mass m_1"),
        _truth("m2_eV", "float64", "neutrino mass m_2"),
        _truth("m3_eV", "float64", "neutrino mass m_3"),
        _known("config", BLOB, "JSON (UTF-8): resolved configuration; blind: no neutrino, no interaction"),
        _known("provenance", BLOB, "JSON (UTF-8): versions, platform, start time, command line"),
        Branch(
            name="hashes",
            dtype=BLOB,
            meaning="JSON (UTF-8): tree, branch, xxh3 of the run's values (little-endian), for `inspect`",
            since=1,
        ),
    ),
)

STEPS: Final = Tree(
    name="steps",
    row="one row per run and laser step, also for a step without events",
    branches=(
        _known("run", "int64", "run number"),
        _known("step", "int32", "step of the run; (run, step) is the key"),
        _known("scan_pass", "int32", "pass of an interleaved scan"),
        _known("kind", "int8", "what the step is for"),
        _known("omega_set_eV", "float64", "set trigger frequency"),
        _known("linewidth_eV", "float64", "Gaussian sigma of the laser line"),
        _known("omega_common_error_eV", "float64", "stated calibration error common to all steps"),
        _known("omega_step_error_eV", "float64", "stated calibration error of each step"),
        _truth("omega_true_eV", "float64", "trigger frequency with the true offsets"),
        _known("start_s", "float64", "start since run start"),
        _known("duration_s", "float64", "wall time"),
        _known("live_time_s", "float64", "open time less dead time, duty cycle of pulses included"),
        _known("coherence", "float64", "coherence averaged over the live windows (target x step x pulse)"),
        _known("gamma0_hz", "float64", "rate scale without coherence: reference x densities x volume, drift"),
        _known("efficiency", "float64", "recorded counts of a signal photon, afterpulses included"),
        _known("efficiency_common_error", "float64", "its stated error common to all steps, absolute"),
        _known("efficiency_step_error", "float64", "its stated error of each step, absolute"),
        _known("n_recorded", "int64", "recorded photons"),
        _truth("n_generated", "int64", "signal photons generated"),
        _truth("mu_signal", "float64", "expected counts of signal photons, afterpulses included"),
        _truth("mu_background", "float64", "expected counts of background, afterpulses included"),
    ),
)

BACKGROUNDS: Final = Tree(
    name="backgrounds",
    row="one row per run, step and background component",
    branches=(
        _known("run", "int64", "run number"),
        _known("step", "int32", "step of the run"),
        _known("component", "int16", "place of the component in the configuration, from 0"),
        _known("expected_rate_hz", "float64", "stated rate of recorded photons, afterpulses included"),
        _known("rate_error_hz", "float64", "stated error of the rate, absolute"),
        _known("present", "bool", "whether the component is there in this kind of step"),
        _truth("mu", "float64", "expected recorded photons, afterpulses included"),
    ),
)

EVENTS: Final = Tree(
    name="events",
    row="one row per recorded photon in time order, or per generated one if undetected ones are kept",
    branches=(
        _known("run", "int64", "run number"),
        _known("event", "int64", "row number in time order; (run, event) is unique"),
        _known("step", "int32", "step of the run"),
        _known("time_s", "float64", "recorded time since run start"),
        _known("photon_energy_eV", "float32", "reconstructed photon energy, NaN if not recorded"),
        _known("channel", "int16", "detector channel"),
        _known("recorded", "bool", "false for a lost photon that was kept"),
        _known("weight", "float64", "1 unless weighted"),
        _truth("origin", "int8", "what made the photon"),
        _truth("nu_i", "int8", "mass eigenstate 1...3 of the neutrino, 0 for background", hidden_id=0),
        _truth("nu_j", "int8", "mass eigenstate 1...3 of the antineutrino, 0 for background", hidden_id=0),
        _truth("omega_emitted_eV", "float64", "photon energy inside the laser line"),
        _truth("emission_time_s", "float64", "time before detector effects"),
        _truth("cos_theta_star", "float64", "polar decay angle in the pair frame"),
        _truth("phi", "float64", "azimuthal decay angle, rad"),
        *(_truth(f"nu_{nu}_energy_eV", "float64", f"energy of nu_{nu}") for nu in "ij"),
        *(_truth(f"nu_{nu}_p{axis}_eV", "float64", f"p_{axis} of nu_{nu}") for nu in "ij" for axis in "xyz"),
        *(_truth(f"{axis}_cm", "float32", f"{axis} of the emission point in the target") for axis in "xyz"),
    ),
)

TREES: Final = (RUNS, STEPS, BACKGROUNDS, EVENTS)


def schema_json() -> str:
    """Return the JSON of the `schema` object, identical in every file since `hadd` keeps only one."""
    trees = {
        tree.name: {
            "row": tree.row,
            "branches": [
                {"name": b.name, "type": b.dtype, "unit": b.unit, "truth": b.truth, "meaning": b.meaning}
                for b in tree.branches
            ],
        }
        for tree in TREES
    }
    return json.dumps(
        {
            "name": SCHEMA_NAME,
            "version": SCHEMA_VERSION,
            "trees": trees,
            "legends": LEGENDS,
        }
    )


def markdown_table() -> str:
    """Return the documentation's tables of trees, branches and enums."""
    lines = ["| enum | values |", "|---|---|"]
    for name, legend in LEGENDS.items():
        lines.append(f"| `{name}` | {', '.join(f'{value} {word}' for value, word in legend.items())} |")
    return "\n".join([*map(markdown_of, TREES), *lines]) + "\n"


def markdown_of(tree: Tree) -> str:
    """Return the documentation's table of one tree."""
    lines = [f"`{tree.name}`: {tree.row}.", "", "| branch | type | unit | meaning |", "|---|---|---|---|"]
    for branch in tree.branches:
        meaning = f"truth: {branch.meaning}" if branch.truth else branch.meaning
        lines.append(f"| `{branch.name}` | {branch.dtype} | {branch.unit} | {meaning} |")
    return "\n".join(lines) + "\n"
