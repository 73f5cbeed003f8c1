"""A file of toys in short, every row read and compared with its hashes."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from renp_sim.ntuple.toy_reader import ToyFile, iterate_toys, open_toys
from renp_sim.ntuple.toy_schema import TOY_LEGENDS

__all__ = ["ToySummary"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToySummary:
    """What a sound file of toys has in it.

    Parameters
    ----------
    file
        What it says of itself.
    statuses
        Fits by how they ended.
    """

    file: ToyFile
    statuses: dict[str, int]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file.

        Raises
        ------
        SchemaError
            If it cannot be read, is not what was written, or a toy is there twice or not whole.
        """
        file, counts = open_toys(path), Counter[int]()
        for rows in iterate_toys(file):
            counts.update(rows["status"].tolist())
        legend = TOY_LEGENDS["status"]
        return cls(file=file, statuses={legend[status]: n for status, n in sorted(counts.items())})

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        about = self.file.campaign
        return {
            "path": str(self.file.path),
            "run": int(self.file.row["run"]),
            "question": about["question"],
            "hypotheses": list(about["hypotheses"]),
            "normalisation": about["normalisation"],
            "factors": [exposure["factor"] for exposure in about["exposures"]],
            "n_toys": self.file.n_toys,
            "ranges": [list(span) for span in self.file.ranges],
            "n_fits": self.file.rows,
            "statuses": self.statuses,
            "is_hashed": self.file.hashes is not None,
        }
