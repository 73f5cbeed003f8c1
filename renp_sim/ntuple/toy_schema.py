"""The tree of toys: one row per fit of a toy. Its parameters are those of the campaign; the rest is fixed."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from renp_sim.errors import ConfigError
from renp_sim.ntuple.opening import TOYS
from renp_sim.ntuple.schema import RUNS, SCHEMA_NAME, SCHEMA_VERSION, Branch, Tree

__all__ = ["COUNTS", "KEY", "TOY_LEGENDS", "toy_branch", "toy_schema_json", "toy_tree"]

COUNTS: Final = "counts"
"""The one branch with a number for each step."""

KEY: Final = ("toy", "hypothesis", "exposure_factor", "fitted")
"""What tells the rows of a run apart."""

TOY_LEGENDS: Final[Mapping[str, Mapping[int, str]]] = {
    "hypothesis": {0: "truth", 1: "alternative"},
    "fitted": {0: "truth", 1: "alternative"},
    "status": {
        0: "converged",
        1: "at_bound",
        2: "at_kink",
        3: "unconstrained",
        4: "not_converged",
        5: "impossible",
    },
}

FLAT: Final = (
    Branch(name="run", dtype="int64", meaning="run number of the run file"),
    Branch(name="toy", dtype="int64", meaning="number of the toy, from 0"),
    Branch(name="hypothesis", dtype="int8", meaning="under which the toy was drawn"),
    Branch(name="exposure_factor", dtype="float64", meaning="on all durations of the run file"),
    Branch(name="fitted", dtype="int8", meaning="hypothesis that was fitted"),
    Branch(
        name="nll", dtype="float64", meaning="-ln L at the best fit, 0 for a perfect one; +inf if impossible"
    ),
    Branch(
        name="log_ratio",
        dtype="float64",
        meaning="ln p(truth)/p(alternative) of the toy where both were drawn; NaN of one hypothesis",
    ),
    Branch(name="status", dtype="int8", meaning="how the fit ended"),
    Branch(name="n_calls", dtype="int32", meaning="evaluations of the expectation"),
)


def toy_branch(column: str) -> str:
    """Return the branch of a column, whose name may have a dot or what else a parameter may have in it.

    Examples
    --------
    >>> toy_branch("fit_background.dark")
    'fit_background_dark'
    """
    return re.sub(r"\W", "_", column, flags=re.ASCII)


def toy_tree(parameters: Iterable[str]) -> Tree:
    """Return the tree of a campaign in which these parameters float.

    Raises
    ------
    ConfigError
        If two of them would have one branch.
    """
    names = list(parameters)
    branches = [
        Branch(name=toy_branch(f"{kind}_{name}"), dtype="float64", meaning=f"{meaning} of {name}")
        for name in names
        for kind, meaning in (("fit", "best value"), ("err", "error"))
    ]
    found = [branch.name for branch in branches]
    if twice := [branch for branch in branches if found.count(branch.name) > 1]:
        raise ConfigError(f"{twice[0].meaning}: another one has the branch {twice[0].name} too: rename it")
    counts = Branch(name=COUNTS, dtype="var * int64", meaning="counts of each step")
    return Tree(name=TOYS, row="one row per fit of a toy", branches=(*FLAT, *branches, counts))


def toy_schema_json(tree: Tree) -> str:
    """Return the JSON of `schema`, identical in all files of a campaign."""
    trees: dict[str, Any] = {
        each.name: [
            {"name": b.name, "type": b.dtype, "unit": b.unit, "meaning": b.meaning} for b in each.branches
        ]
        for each in (RUNS, tree)
    }
    return json.dumps(
        {"name": SCHEMA_NAME, "version": SCHEMA_VERSION, "trees": trees, "legends": TOY_LEGENDS}
    )
