"""What a blind file hides: truth, replaced by NaN, 0 or −1 in branches that are there all the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.ntuple.schema import Columns, Tree

__all__ = ["hide_truth", "shown_truth"]


def hide_truth(tree: Tree, columns: Columns) -> dict[str, NDArray[Any]]:
    """Return the columns of a blind file: truth replaced by NaN, 0 or −1, the rest as it is.

    Examples
    --------
    >>> from renp_sim.ntuple.schema import EVENTS
    >>> hidden = hide_truth(EVENTS, {"step": np.array([3]), "phi": np.array([0.1]), "nu_i": np.array([2])})
    >>> {name: values.tolist() for name, values in hidden.items()}
    {'step': [3], 'phi': [nan], 'nu_i': [0]}
    """
    branches = {branch.name: branch for branch in tree.branches}
    return {
        name: np.full_like(values, branches[name].hidden) if branches[name].truth else values
        for name, values in columns.items()
    }


def shown_truth(tree: Tree, columns: Columns) -> dict[str, NDArray[np.bool_]]:
    """Return, for each branch of truth, a mask of the rows in which it is not hidden."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for branch in tree.branches:
        if branch.truth:
            values = columns[branch.name]
            is_float = values.dtype.kind == "f"
            masks[branch.name] = ~np.isnan(values) if is_float else values != branch.hidden_id
    return masks
