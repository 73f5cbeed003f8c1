"""Columns checked against the schema before they are written.

uproot narrows silently: 2⁴⁰ into int32 wraps, 1e300 into float32 becomes inf, 1.7 into int32 becomes 1.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.errors import SchemaError
from renp_sim.ntuple.schema import Columns, Tree

__all__ = ["checked_columns"]


def checked_columns(tree: Tree, columns: Columns) -> dict[str, NDArray[Any]]:
    """Return the flat columns of a tree in schema order and dtype.

    A column that has its dtype already is passed on as it is. Rounding to float32 is allowed.

    Raises
    ------
    ValueError
        If a branch is missing, unknown, not one-dimensional, of another length than the first, or not a
        number: a bug of the caller.
    SchemaError
        If a value does not fit the branch: integers out of range or fractional, floats that would
        become infinite.
    """
    names = [branch.name for branch in tree.flat]
    missing = [name for name in names if name not in columns]
    unknown = [name for name in columns if name not in names]
    if missing or unknown:
        raise ValueError(f"{tree.name}: missing branches {missing}, unknown branches {unknown}")
    out: dict[str, NDArray[Any]] = {}
    rows = len(columns[names[0]])
    for branch in tree.flat:
        values = np.asarray(columns[branch.name])
        if values.shape != (rows,):
            raise ValueError(f"{tree.name}.{branch.name}: has shape {values.shape}, not ({rows},)")
        out[branch.name] = _fitted(f"{tree.name}.{branch.name}", values, np.dtype(branch.dtype))
    return out


def _fitted(where: str, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if values.dtype == dtype:
        return values
    if values.dtype.kind not in "iuf" or dtype.kind == "b":
        raise ValueError(f"{where}: has dtype {values.dtype}, not {dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = values.astype(dtype)
        if dtype.kind in "iu":
            bounds = np.iinfo(dtype)
            # the bound above is a power of two, which every float can hold
            misfit = ~((values >= bounds.min) & (values < int(bounds.max) + 1))
            if values.dtype.kind == "f":
                misfit |= values != np.floor(values)
        elif values.dtype.kind == "f":
            misfit = np.isinf(narrow) & ~np.isinf(values)
        else:
            exact = 2 ** (np.finfo(dtype).nmant + 1)
            misfit = (values < -exact) | (values > exact)
    if misfit.any():
        row = int(np.argmax(misfit))
        raise SchemaError(f"{where}[{row}] = {values[row]}: does not fit {dtype}")
    return narrow
