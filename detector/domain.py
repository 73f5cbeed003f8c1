"""What a number may be: every object of the detector checks its own fields with these."""

from collections.abc import Sequence
from math import inf

import numpy as np

__all__ = ["require_finite_at_least", "require_in", "require_positive", "require_table"]


def require_in(key: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low ≤ value ≤ high; NaN never is.

    Examples
    --------
    >>> require_in("detector.efficiency.plateau", 1.3, 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: detector.efficiency.plateau = 1.3: must lie in [0, 1]
    """
    if not low <= value <= high:
        raise ValueError(f"{key} = {value}: must lie in [{low:g}, {high:g}]")


def require_finite_at_least(key: str, value: float, low: float = 0.0) -> None:
    """Raise ValueError unless low ≤ value < ∞."""
    if not low <= value < inf:
        raise ValueError(f"{key} = {value}: must be finite and at least {low:g}")


def require_positive(key: str, value: float) -> None:
    """Raise ValueError unless 0 < value < ∞."""
    if not 0 < value < inf:
        raise ValueError(f"{key} = {value}: must be finite and positive")


def require_table(path: str, energies_eV: Sequence[float], values: Sequence[float]) -> None:
    """Raise ValueError unless the table has rising energies and a value ≥ 0 at each of them."""
    energy, value = np.asarray(energies_eV, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if energy.ndim != 1 or len(energy) < 2:
        raise ValueError(f"{path}.energies_eV = {energies_eV}: needs a list of at least two energies")
    if not (np.all(np.isfinite(energy)) and energy[0] >= 0 and np.all(np.diff(energy) > 0)):
        raise ValueError(f"{path}.energies_eV = {energies_eV}: must be finite, not negative and rising")
    if value.shape != energy.shape:
        raise ValueError(f"{path}.values = {values}: needs {len(energy)} values, one for each energy")
    if not np.all((value >= 0) & np.isfinite(value)):
        raise ValueError(f"{path}.values = {values}: must be finite and not negative")
