"""Fit many toys by one or several models at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.search.search import Solution, search
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from renp_sim.analysis.model import Constraint, Model

__all__ = ["BatchFit", "Status", "fit_batch"]


LOT_TOYS = 65_536
"""Toys in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchFit:
    """Fits of b toys by m models; no toy is dropped, each has a status.

    Parameters
    ----------
    labels
        Of the models.
    solutions
        Fits by each model.
    """

    labels: tuple[str, ...]
    solutions: tuple[Solution, ...]

    @property
    def q(self) -> FloatArray:
        """−2 ln L, shape (b, m); +∞ where a model forbids the counts."""
        return np.stack([solution.q for solution in self.solutions], axis=1)

    @property
    def status(self) -> NDArray[np.int8]:
        """Values of `Status`, shape (b, m)."""
        return np.stack([solution.status for solution in self.solutions], axis=1)

    @property
    def calls(self) -> NDArray[np.int32]:
        """Evaluations of the expectation, shape (b, m)."""
        return np.stack([solution.calls for solution in self.solutions], axis=1)

    @property
    def best(self) -> NDArray[np.intp]:
        """Index of the model with the lowest −2 ln L, shape (b,)."""
        lowest: NDArray[np.intp] = np.argmin(self.q, axis=1)
        return lowest

    @property
    def best_q(self) -> FloatArray:
        """−2 ln L of the best model, shape (b,)."""
        lowest: FloatArray = np.min(self.q, axis=1)
        return lowest

    def of(self, label: str) -> Solution:
        """Return the fits by one model; KeyError if there is none."""
        if label not in self.labels:
            raise KeyError(label)
        return self.solutions[self.labels.index(label)]

    def delta_q(self, label: str, other: str) -> FloatArray:
        """Return ΔT = q(label) − q(other), shape (b,): positive where the other model fits better."""
        return self.of(label).q - self.of(other).q

    def failed(self) -> int:
        """Return how many toys have no model whose fit ended well."""
        return int(np.sum(np.min(self.status, axis=1) >= Status.NOT_CONVERGED))


def fit_batch(
    counts: ArrayLike,
    models: "Mapping[str, Model]",
    *,
    free: "Collection[str]" = (),
    fix: "Mapping[str, float | None] | None" = None,
    constrain: "Mapping[str, Constraint | None] | None" = None,
    constraint_values: "Mapping[str, ArrayLike] | None" = None,
) -> BatchFit:
    """Fit each toy by each model.

    A model that offers only the parameters that float is the fastest. What is constrained and has kinks, such
    as a frequency offset with a sharp line, follows the other parameters; only
    `renp_sim.analysis.infer.fit.fit` looks beyond its kinks.

    Parameters
    ----------
    counts
        Shape (b, n).
    models
        By label.
    free, fix, constrain
        As for `renp_sim.analysis.infer.fit.fit`.
    constraint_values
        Measured values per toy, shape (b,), by name of constrained parameters, where toys randomise them.

    Raises
    ------
    ConfigError
        If a name is unknown or given twice, or shapes do not fit.
    """
    toys = np.asarray(counts, dtype=float)
    if toys.ndim != 2:
        raise ConfigError(f"counts has shape {toys.shape}: toys need (b, n)")
    if not models:
        raise ConfigError("models: none is given; a fit needs at least one")
    solutions = []
    for label, model in models.items():
        setup = Setup.of(model, free=free, fix=fix, constrain=constrain)
        n_steps = model.expected(setup.theta).shape[-1]
        if n_steps != toys.shape[1]:
            raise ConfigError(f"model {label} expects {n_steps} steps, the counts have {toys.shape[1]}")
        values = _measured(setup, constraint_values, len(toys))
        lots = [slice(first, first + LOT_TOYS) for first in range(0, max(len(toys), 1), LOT_TOYS)]
        solutions.append(
            Solution.joined(
                [
                    search(setup, toys[lot], constraint_values=None if values is None else values[lot])
                    for lot in lots
                ]
            )
        )
    return BatchFit(labels=tuple(models), solutions=tuple(solutions))


def _measured(
    setup: Setup, constraint_values: "Mapping[str, ArrayLike] | None", n_toys: int
) -> FloatArray | None:
    """Return measured values per toy and floating parameter, shape (b, f), or None where all share them."""
    if not constraint_values:
        return None
    out = np.zeros((n_toys, len(setup.free)))
    for column, constraint in enumerate(setup.constraints):
        out[:, column] = 0.0 if constraint is None else constraint.value
    for name, values in constraint_values.items():
        if name not in setup.names or setup.constraints[setup.names.index(name)] is None:
            raise ConfigError(f"constraint_values of {name}: it is not constrained in this fit")
        out[:, setup.names.index(name)] = values
    return out
