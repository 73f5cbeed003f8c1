"""Arrivals at the electronics: what would be recorded without dead time, in time order."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_ARRIVALS", "Arrivals", "in_order", "joined", "merged"]

FEW = 1024
"""Arrivals that are sorted as fast as one more is put in its place."""


class Arrivals(NamedTuple):
    """Arrivals in time order; every array has shape (m,) and the meaning that it has in `Record`."""

    time_s: NDArray[np.float64]
    energy_eV: NDArray[np.float64]
    photon: NDArray[np.int64]
    component: NDArray[np.int16]
    channel: NDArray[np.int16]
    is_afterpulse: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        time_s: NDArray[np.float64],
        energy_eV: NDArray[np.float64],
        channel: NDArray[np.int16],
        photon: NDArray[np.int64] | None = None,
        component: int = -1,
    ) -> "Arrivals":
        """Return arrivals of one component; photon: of signal, the index of each."""
        n = len(time_s)
        return cls(
            time_s=time_s,
            energy_eV=energy_eV,
            photon=np.full(n, -1) if photon is None else photon,
            component=np.full(n, component, dtype=np.int16),
            channel=channel,
            is_afterpulse=np.zeros(n, dtype=np.bool_),
        )

    def take(self, places: NDArray[np.intp]) -> "Arrivals":
        """Return those at some places."""
        return Arrivals._make(values.take(places) for values in self)


NO_ARRIVALS = Arrivals.of(np.empty(0), np.empty(0), np.empty(0, dtype=np.int16))


def joined(parts: list[Arrivals]) -> Arrivals:
    """Return the arrivals of all parts, one part after the other."""
    return Arrivals(*map(np.concatenate, zip(*parts, strict=True)))


def in_order(parts: list[Arrivals]) -> Arrivals:
    """Return the arrivals of several components in time order; at equal times the first part comes first."""
    if len(parts) == 1:
        return parts[0]
    together = joined(parts)
    # a stable sort of runs that are sorted already is a merge
    return together.take(np.argsort(together.time_s, kind="stable"))


def merged(first: Arrivals, second: Arrivals) -> Arrivals:
    """Return two runs of sorted arrivals as one, at equal times `first` before `second`.

    As a rule the second run is short: to put it in its places costs a fifth of sorting, if both are not.
    """
    if not len(first.time_s):
        return second
    if len(first.time_s) < FEW or 4 * len(second.time_s) > len(first.time_s):
        return in_order([first, second])
    # once for all columns, as `np.insert` does for each
    places = np.searchsorted(first.time_s, second.time_s, side="right") + np.arange(len(second.time_s))
    is_first = np.ones(len(first.time_s) + len(second.time_s), dtype=np.bool_)
    is_first[places] = False
    columns: Iterable[tuple[NDArray[Any], NDArray[Any]]] = zip(first, second, strict=True)
    return Arrivals._make(_filled(is_first, places, a, b) for a, b in columns)


def _filled(
    is_first: NDArray[np.bool_], places: NDArray[np.intp], first: NDArray[Any], second: NDArray[Any]
) -> NDArray[Any]:
    """Return both columns as one, the second in its places and the first where these are not."""
    out = np.empty(len(is_first), dtype=first.dtype)
    out[is_first] = first
    out[places] = second
    return out
