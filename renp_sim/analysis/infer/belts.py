"""A file of Feldman–Cousins belts: reused for the same question, refused for another, extended for more.

It keeps the distributions and no intervals, so that other data, another level or more toys go on from it.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.acceptance import Acceptance
from renp_sim.arrays import FloatArray
from renp_sim.errors import SchemaError
from renp_sim.files import require_new, write_file

__all__ = ["Belts", "belts_of", "purpose_of", "read_belts"]

FORMAT = "renp-sim belts 1"

DIGITS = 9
"""Of the expectations that must agree: those of a run file and of its ntuple differ by rounding
(`test_rounding_is_no_other_configuration`)."""

SUFFIX = ".npz"


def purpose_of(setup: Setup, name: str) -> dict[str, Any]:
    """Return what belts are for: everything that their distributions depend on, but for data and level.

    The configuration enters through what it expects, at rest and where each floating parameter is moved.
    """
    points = np.tile(setup.theta, (1 + 2 * len(setup.free), 1))
    for k, (index, step) in enumerate(zip(setup.free.tolist(), setup.scale.tolist(), strict=True)):
        low, high = setup.limits(setup.names[k])
        points[1 + 2 * k, index] = min(points[0, index] + step, high)
        points[2 + 2 * k, index] = max(points[0, index] - step / 2, low)
    expected = setup.model.expected(points).ravel().tolist()
    text = " ".join(f"{mu:.{DIGITS - 1}e}" for mu in expected)
    return {
        "format": FORMAT,
        "parameter": name,
        "floating": list(setup.names),
        "constraints": [
            None
            if c is None
            else [c.shape.value, float(f"{c.value:.{DIGITS}g}"), float(f"{c.error:.{DIGITS}g}")]
            for c in setup.constraints
        ],
        "steps": len(expected) // len(points),
        "configuration": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


@dataclass(slots=True, kw_only=True, eq=False)
class Belts:
    """Distributions of the statistic by the parameters that they were made at.

    Parameters
    ----------
    path
        Of the file; None where nothing is kept.
    purpose
        See `purpose_of`.
    seed
        Of the toys; 0 and no toys where outcomes were counted.
    n_toys
        At each point that is asked for from now on.
    made
        By the bytes of θ (p,).
    n_new
        Of them that the file does not hold.
    """

    path: Path | None
    purpose: Mapping[str, Any]
    seed: int
    n_toys: int
    made: dict[bytes, Acceptance] = field(default_factory=dict)
    n_new: int = 0

    @classmethod
    def open(cls, path: Path | None, setup: Setup, name: str, *, seed: int, n_toys: int) -> Self:
        """Return the belts of a file, or empty ones where there is none yet.

        The seed of a file holds, and so does its number of toys if that is larger.

        Raises
        ------
        SchemaError
            If the file is none of belts, or for something else.
        """
        purpose = purpose_of(setup, name)
        if path is None or not path.exists():
            if path is not None:
                _require_name(path)
            return cls(path=path, purpose=purpose, seed=seed, n_toys=n_toys)
        head, arrays = read_belts(path)
        kept = head["purpose"]
        for key, wanted in purpose.items():
            if kept.get(key) != wanted:
                raise SchemaError(
                    f"{path}: these belts are for {key} {_shown(kept.get(key))}, not {_shown(wanted)}: "
                    "give another name"
                )
        if (head["n_toys"] > 0) != (n_toys > 0):
            how = "toys" if head["n_toys"] else "counted outcomes"
            raise SchemaError(
                f"{path}: these belts are of {how}; give another name, or --toys as they had it"
            )
        made = {bytes.fromhex(key): value for key, value in arrays.items()}
        return cls(
            path=path, purpose=purpose, seed=head["seed"], n_toys=max(head["n_toys"], n_toys), made=made
        )

    def found(self, theta: FloatArray) -> Acceptance | None:
        """Return what is known at θ (p,)."""
        return self.made.get(theta.tobytes())

    def keep(self, theta: FloatArray, acceptance: Acceptance) -> None:
        """Remember what was made at θ (p,)."""
        self.made[theta.tobytes()] = acceptance
        self.n_new += 1

    def write(self) -> None:
        """Write the file anew if there is anything new, all or nothing.

        Raises
        ------
        SchemaError
            If it cannot be written.
        """
        if self.path is None or not self.n_new:
            return
        head = {"purpose": dict(self.purpose), "seed": self.seed, "n_toys": self.n_toys}
        arrays: dict[str, Any] = {"head": np.array(json.dumps(head))}
        for key, value in self.made.items():
            arrays[f"statistic_{key.hex()}"] = value.statistic
            if value.cumulated is not None:
                arrays[f"cumulated_{key.hex()}"] = value.cumulated
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        write_file(self.path, buffer.getvalue(), force=True)
        self.n_new = 0


@contextlib.contextmanager
def belts_of(path: Path | None, setup: Setup, name: str, *, seed: int, n_toys: int) -> Iterator[Belts]:
    """Open belts as `Belts.open` does, and write what is made of them however it ends."""
    belts = Belts.open(path, setup, name, seed=seed, n_toys=n_toys)
    try:
        yield belts
    finally:
        belts.write()


def _require_name(path: Path) -> None:
    """Raise SchemaError if no belts can be written under a name."""
    if path.suffix != SUFFIX:
        raise SchemaError(f"{path}: belts are kept in a file whose name ends in {SUFFIX}")
    if not path.parent.is_dir():
        raise SchemaError(f"{path}: there is no folder {path.parent}: make it, or give another name")
    require_new(path)


def read_belts(path: Path) -> tuple[dict[str, Any], dict[str, Acceptance]]:
    """Return what a file says of itself, and its distributions by the bytes of their θ (p,), in hexadecimal.

    Raises
    ------
    SchemaError
        If the file is none of belts.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            head = json.loads(str(file["head"]))
            keys = [name.removeprefix("statistic_") for name in file.files if name.startswith("statistic_")]
            made = {
                key: Acceptance(
                    statistic=file[f"statistic_{key}"],
                    cumulated=file[f"cumulated_{key}"] if f"cumulated_{key}" in file.files else None,
                )
                for key in keys
            }
        if head["purpose"]["format"] != FORMAT or not isinstance(head["seed"], int):
            raise KeyError("format")
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise SchemaError(f"{path}: no file of belts that this program wrote: give another name") from error
    return head, made


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
