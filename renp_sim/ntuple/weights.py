"""Files of weights: one number per event of an ntuple, keyed by (run, event), for another hypothesis.

They are read beside the ntuple, as a friend tree with the index (run, event), and merge with plain `hadd`.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from renp_sim.ntuple.columns import checked_columns
from renp_sim.ntuple.root_file import RootFile
from renp_sim.ntuple.schema import BLOB, Branch, Columns, Tree
from renp_sim.streams import BLOCK_EVENTS

__all__ = ["HYPOTHESES", "WEIGHTS", "WeightWriter"]

WEIGHTS: Final = Tree(
    name="weights",
    row="one row per event of the ntuple, in its order",
    branches=(
        Branch(name="run", dtype="int64", meaning="run number"),
        Branch(name="event", dtype="int64", meaning="row number of the event; (run, event) is the key"),
        Branch(
            name="weight",
            dtype="float64",
            meaning="factor on events.weight; 1 if no signal photon",
        ),
    ),
)

HYPOTHESES: Final = Tree(
    name="hypotheses",
    row="one row per run, written last",
    branches=(
        Branch(name="run", dtype="int64", meaning="run number"),
        Branch(name="config", dtype=BLOB, meaning="JSON (UTF-8): configuration of the run under the weights"),
    ),
)


class WeightWriter(RootFile):
    """A file of weights in the making; parameters and errors are those of `RootFile`."""

    def _begin(self) -> None:
        self._hypotheses: list[tuple[int, bytes]] = []
        self._weights = self._file.mktree(WEIGHTS.name, {b.name: b.dtype for b in WEIGHTS.branches})

    def weights(self, columns: Columns) -> None:
        """Append any number of events: `run`, `event`, `weight`.

        Raises
        ------
        ValueError
            If a weight is negative or not finite, or as `checked_columns` does.
        SchemaError
            If a number does not fit its branch, or the disk is full.
        """
        checked = checked_columns(WEIGHTS, columns)
        weight = checked["weight"]
        if not np.all((weight >= 0) & np.isfinite(weight)):
            raise ValueError("weights.weight: a weight must be finite and not negative")
        for start in range(0, len(weight), BLOCK_EVENTS):
            self._weights.extend({name: v[start : start + BLOCK_EVENTS] for name, v in checked.items()})

    def hypothesis(self, run: int, config: Mapping[str, Any]) -> None:
        """Keep the configuration that the weights of a run stand for."""
        self._hypotheses.append((run, json.dumps(config, ensure_ascii=False, allow_nan=False).encode()))

    def _write_last(self) -> None:
        import awkward

        tree = self._file.mktree(HYPOTHESES.name, {b.name: b.dtype for b in HYPOTHESES.branches})
        if self._hypotheses:
            runs, texts = zip(*self._hypotheses, strict=True)
            blob = np.frombuffer(b"".join(texts), dtype=np.uint8)
            lengths = [len(text) for text in texts]
            tree.extend({"run": np.array(runs, dtype=np.int64), "config": awkward.unflatten(blob, lengths)})
