"""The pairs of mass eigenstates: what they are called, and where they stand in an array (..., 3, 3)."""

from collections.abc import Mapping

__all__ = ["ORDERED_PAIRS", "PAIRS"]

ORDERED_PAIRS: Mapping[str, tuple[int, int]] = {f"{i + 1}{j + 1}": (i, j) for i in range(3) for j in range(3)}
"""ν_i ν̄_j, "11" … "33"."""

PAIRS: Mapping[str, tuple[int, int]] = {pair: (i, j) for pair, (i, j) in ORDERED_PAIRS.items() if i <= j}
"""i ≤ j: what has one value for both orders, as thresholds have."""
