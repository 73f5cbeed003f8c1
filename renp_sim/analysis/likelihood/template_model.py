"""A model with counts of a given shape on top, whose strength is a parameter of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Model, Parameter, Quadratic
from renp_sim.arrays import FloatArray

__all__ = ["STRENGTH", "WithTemplate"]

STRENGTH = "strength"
"""Name of the parameter, the last one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WithTemplate:
    """μ of another model and strength × template; implements `renp_sim.analysis.model.Model`.

    Parameters
    ----------
    model
        What is there without it.
    template
        Counts of strength 1, shape (n,).
    """

    model: Model
    template: FloatArray

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the model, and the strength."""
        return (*self.model.parameters, Parameter(name=STRENGTH, value=0.0, lower=0.0, scale=self.scale))

    @property
    def scale(self) -> float:
        """The strength that adds one count where it adds most."""
        return float(1 / np.max(self.template))

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n), for θ of shape (..., p + 1)."""
        theta = np.asarray(theta, dtype=float)
        mu: FloatArray = self.model.expected(theta[..., :-1]) + theta[..., -1:] * self.template
        return mu

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p + 1)."""
        slopes = self.model.gradient(np.asarray(theta, dtype=float)[..., :-1])
        last = np.broadcast_to(self.template[:, None], (*slopes.shape[:-1], 1))
        return np.concatenate([slopes, last], axis=-1)

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return those of the model; the strength has none."""
        if parameter == STRENGTH:
            return np.empty((*np.shape(theta)[:-1], 0))
        return self.model.kinks(parameter, np.asarray(theta)[..., :-1], low, high)

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return that of the model, with the strength, in which μ is linear."""
        others = tuple(name for name in parameters if name != STRENGTH)
        theta = np.asarray(theta, dtype=float)
        n, places = len(self.template), [parameters.index(name) for name in others]
        if others:
            own = self.model.quadratic(others, theta[:-1])
            if own is None:
                return None
        else:
            none = self.model.expected(theta[:-1])
            own = Quadratic(constant=none, linear=np.zeros((n, 0)), square=np.zeros((n, 0, 0)))
        constant = own.constant
        linear, square = np.zeros((n, len(parameters))), np.zeros((n, len(parameters), len(parameters)))
        linear[:, places] = own.linear
        square[np.ix_(range(n), places, places)] = own.square
        if STRENGTH in parameters:
            linear[:, parameters.index(STRENGTH)] = self.template
        else:
            constant = constant + theta[-1] * self.template
        return Quadratic(constant=constant, linear=linear, square=square)

    def tabled(self, names: Sequence[str]) -> Self:
        """Return the same with what is cheapest of the model."""
        return replace(self, model=self.model.tabled([name for name in names if name != STRENGTH]))

    def at(self, exposure: Exposure) -> NoReturn:
        """Raise: another exposure has another template."""
        raise NotImplementedError("a template belongs to one exposure; make another one for another")

    @classmethod
    def floating(cls, setup: Setup, template: FloatArray) -> Setup:
        """Return a set-up in which the strength floats too."""
        return replace(
            setup,
            model=cls(model=setup.model, template=template),
            theta=np.append(setup.theta, 0.0),
            free=np.append(setup.free, len(setup.theta)),
            constraints=(*setup.constraints, None),
            lower=np.append(setup.lower, 0.0),
            upper=np.append(setup.upper, np.inf),
            linear=setup.linear | {STRENGTH},
        )
