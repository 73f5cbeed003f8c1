"""Array types, once: what a name says of its numbers; shapes are told where an array is described."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "Columns", "ComplexArray", "FloatArray", "IndexArray"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]
"""Places in other arrays."""
Columns = dict[str, NDArray[Any]]
"""Columns of a table by name, all of one length."""
