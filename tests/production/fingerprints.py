"""What the columns of a generated file are, in a few numbers that no change of them leaves as they are.

`python -m tests.production.fingerprints` prints those of `RUNS`, for `tests/reference/generate.json`.
"""

import json
from hashlib import blake2b
from math import fsum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

import renp_sim

SCAN = (
    "laser.scan=[{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s=2e4, passes=2, "
    "control_fraction=0.1, dark_fraction=0.05}]"
)
BACKGROUNDS = (
    "background=[{name='dark', kind='dark_counts', rate_hz=2e-3, error_rel=0.1}, "
    "{name='sky', kind='continuum', rate_hz=5e-3, error_rel=0.2, "
    "spectrum={kind='exponential', low_eV=0.5, high_eV=3.0, scale_eV=0.4}}, "
    "{name='flat', kind='continuum', rate_hz=5e-3}, "
    "{name='qed', kind='qed', rate_hz=5.0, suppression=1e-3, omega_slope_per_eV=0.5, error_rel=0.3}, "
    "{name='leak', kind='laser_leakage', rate_hz=4e-3}]"
)
CALIBRATION = "laser.calibration={common_offset_eV='draw', common_error_eV=5e-6, step_error_eV=1e-6}"
TURN_ON = (
    "detector.efficiency={kind='turn_on', plateau=0.3, energy_eV=1.0, width_eV=0.02, "
    "common_error_rel=0.05, step_error_rel=0.02}"
)
TABULATED = "detector.efficiency={kind='tabulated', energies_eV=[0.9, 1.0, 1.2], values=[0.1, 0.2, 0.2]}"
SHARP = "laser.linewidth_eV=0"
NEVER_DEAD = "detector.dead_time.tau_s=0"
INVERTED_MAJORANA = ("neutrino.nature='majorana'", "neutrino.ordering='inverted'")

RUNS: dict[str, tuple[str, tuple[str, ...], int | None]] = {
    "gp23": ("gp23_three_frequencies", (), None),
    "backgrounds": (
        "fine_scan",
        (SCAN, BACKGROUNDS, CALIBRATION, TURN_ON, SHARP, "detector.dead_time.tau_s=1.0"),
        None,
    ),
    "undetected": (
        "fine_scan",
        (SCAN, BACKGROUNDS, TABULATED, SHARP, "output.keep_undetected=true", *INVERTED_MAJORANA),
        None,
    ),
    "weighted": ("fine_scan", (SCAN, SHARP, NEVER_DEAD), 3000),
}
"""Example, settings and number of events of each run."""


def fingerprint(values: NDArray[Any]) -> str | list[float]:
    """Return the hash of integers; of floats, whose last digits depend on the processor, sums.

    The sums are those of |x|, of x, and of x times its place in the column, so that no two rows may change
    places; and the number of NaN.
    """
    if values.dtype.kind != "f":
        return blake2b(values.astype(np.int64).tobytes(), digest_size=8).hexdigest()
    is_nan = np.isnan(values)
    x = np.where(is_nan, 0.0, values).astype(np.float64)
    place = np.arange(1, len(x) + 1) / len(x)
    return [fsum(np.abs(x)), fsum(x), fsum(x * place), float(is_nan.sum())]


def fingerprints_of(path: Path) -> dict[str, str | list[float]]:
    """Return the fingerprint of every flat column of a file."""
    tables = renp_sim.read_tables(path)
    columns = {
        f"{name}.{branch}": values
        for name, tree in (
            ("runs", tables.runs),
            ("steps", tables.steps),
            ("backgrounds", tables.backgrounds),
        )
        for branch, values in tree.items()
    }
    blocks = list(renp_sim.iterate_events(path))
    columns |= {f"events.{branch}": np.concatenate([b[branch] for b in blocks]) for branch in blocks[0]}
    return {name: fingerprint(values) for name, values in columns.items()}


def generated(name: str, folder: Path) -> dict[str, str | list[float]]:
    """Return the fingerprints of one of `RUNS`, generated in a folder."""
    example, settings, n_events = RUNS[name]
    path = folder / f"{name}.root"
    # the number of a run is a hash of its sections, which may get new keys
    renp_sim.generate(renp_sim.load(example, settings, run_number=7), path, n_events=n_events)
    return fingerprints_of(path)


def main() -> None:
    with TemporaryDirectory() as folder:
        found = {
            f"{run}.{name}": print_ for run in RUNS for name, print_ in generated(run, Path(folder)).items()
        }
    lines = (f"{json.dumps(name)}: {json.dumps(print_)}" for name, print_ in found.items())
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
