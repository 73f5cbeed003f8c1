"""Minima of −2 ln L of many toys, each with a status."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["TIE", "Minimum", "Status"]

TIE = 1e-9
"""Fits whose −2 ln L differs by less, relative to 1 + −2 ln L, are equally good: none is known better
(test_models_that_differ_by_rounding_are_equally_good, test_an_excluded_coupling_with_a_width_is_excluded)."""


class Status(IntEnum):
    """How the fit of a toy ended; larger is worse, and none is dropped."""

    CONVERGED = 0
    AT_BOUND = 1
    """At the edge of a parameter, where −2 ln L still falls: a result, but no parabola."""
    AT_KINK = 2
    """On a kink between two smooth pieces."""
    UNCONSTRAINED = 3
    """The data do not see some parameter or combination of parameters."""
    NOT_CONVERGED = 4
    """The last of the allowed iterations; the values are the best met."""
    IMPOSSIBLE = 5
    """−2 ln L is infinite: counts where none can be, everywhere the fit looked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minimum:
    """Minima of b toys.

    Parameters
    ----------
    x
        Free parameters, shape (f, b).
    q
        −2 ln L, shape (b,).
    status
        Values of `Status`, shape (b,).
    calls
        Evaluations of the expectation, shape (b,).
    """

    x: FloatArray
    q: FloatArray
    status: NDArray[np.int8]
    calls: NDArray[np.int32]

    @classmethod
    def empty(cls, n_free: int, n_toys: int) -> "Minimum":
        """Return room for the minima of toys that are yet to be fitted."""
        return cls(
            x=np.empty((n_free, n_toys)),
            q=np.empty(n_toys),
            status=np.full(n_toys, Status.NOT_CONVERGED, dtype=np.int8),
            calls=np.zeros(n_toys, dtype=np.int32),
        )

    def put(self, rows: IndexArray, fits: "Minimum") -> None:
        """Write the minima of some toys."""
        self.x[:, rows], self.q[rows] = fits.x, fits.q
        self.status[rows], self.calls[rows] = fits.status, fits.calls

    def take(self, rows: slice) -> "Minimum":
        """Return the minima of some toys."""
        return Minimum(x=self.x[:, rows], q=self.q[rows], status=self.status[rows], calls=self.calls[rows])

    def keeping_lower(self, other: "Minimum", by: float = 0.0) -> "Minimum":
        """Return the lower of two minima of each toy, the other where it is lower by more than a share."""
        lower = other.q < self.q - by * np.where(np.isfinite(self.q), 1 + self.q, 0.0)
        return Minimum(
            x=np.where(lower, other.x, self.x),
            q=np.where(lower, other.q, self.q),
            status=np.where(lower, other.status, self.status),
            calls=self.calls + other.calls,
        )
