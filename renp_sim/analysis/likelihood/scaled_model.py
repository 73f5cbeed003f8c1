"""A model of an exposure that is so many times as long: every count is, signal and background."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Model, Parameter, Quadratic
from renp_sim.arrays import FloatArray

__all__ = ["ScaledModel", "longer"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaledModel:
    """μ of another model times a factor; implements `renp_sim.analysis.model.Model`.

    What the model has computed and remembers serves every factor.

    Parameters
    ----------
    model
        Of the exposure as it stands.
    factor
        On all live times.
    """

    model: Model
    factor: float

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the model."""
        return self.model.parameters

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n), for θ of shape (..., p)."""
        return np.asarray(self.factor * self.model.expected(theta))

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p)."""
        return np.asarray(self.factor * self.model.gradient(theta))

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return those of the model."""
        return self.model.kinks(parameter, theta, low, high)

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients of the model times the factor."""
        own = self.model.quadratic(parameters, theta)
        if own is None:
            return None
        return Quadratic(
            constant=self.factor * own.constant,
            linear=self.factor * own.linear,
            square=self.factor * own.square,
        )

    def tabled(self, names: Sequence[str]) -> Self:
        """Return the same with what is cheapest of the model."""
        return replace(self, model=self.model.tabled(names))

    def at(self, exposure: Exposure) -> NoReturn:
        """Raise: a factor is that of one exposure."""
        raise NotImplementedError("a factor belongs to one exposure; ask the model that is scaled")


def longer(setup: Setup, factor: float) -> Setup:
    """Return the set-up of so many times the exposure."""
    return setup.standing_for(ScaledModel(model=setup.model, factor=factor))
