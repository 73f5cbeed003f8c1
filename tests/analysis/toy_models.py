"""Small models with known answers; they know as little physics as the analysis does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.model import Constraint, Parameter, Quadratic, Shape
from renp_sim.analysis.search.problem import Solution
from renp_sim.analysis.search.profiler import Profiler
from renp_sim.arrays import FloatArray


def exposure(n: int, live_time_s: float | FloatArray = 1.0, background_hz: float = 0.0) -> Exposure:
    return Exposure.of(
        omega_eV=np.linspace(1.06, 1.07, n),
        live_time_s=live_time_s,
        components=("flat",),
        background_rate_hz=background_hz,
    )


def observation(counts: FloatArray) -> Observation:
    counts = np.asarray(counts, dtype=float)
    return Observation(exposure=exposure(counts.shape[-1]), counts=counts)


COUPLING = Parameter(name="x", value=0.0)
NORM = Parameter(name="norm", value=1.0, lower=0.0, scale=0.1)
KNOWN_NORM = replace(NORM, constraint=Constraint(value=1.0, error=0.1, shape=Shape.LOG_NORMAL))
BACKGROUND = Parameter(name="background", value=1.0, lower=0.0, scale=0.1)
FIRST = Parameter(name="m1", value=0.6, lower=0.1, upper=1.5, scale=0.1)
SECOND = Parameter(name="m2", value=0.9, lower=0.1, upper=1.5, scale=0.1)
MASS = Parameter(name="mass", value=0.5, lower=0.0, upper=2.0, scale=0.1)


def of_rows(kinks: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
    """Make what tells the kinks of one θ tell those of rows of it, NaN where a row has fewer."""

    def every(
        self: object, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        if theta.ndim == 1:
            return kinks(self, parameter, theta)
        rows = [kinks(self, parameter, row) for row in theta]
        out = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
        for line, row in zip(out, rows, strict=True):
            line[: len(row)] = row
        return out

    return every


def profile_fits(setup: Setup, counts: FloatArray, names: tuple[str, ...], values: FloatArray) -> Solution:
    """Return fits with some parameters held at values (g, len(names))."""
    theta = np.tile(setup.theta, (len(values), 1))
    theta[:, [setup.index(name) for name in names]] = values
    return Profiler.of(setup, counts, names).lowest(theta)


@dataclass(frozen=True, kw_only=True, eq=False)
class Polynomial:
    """μ_k = T_k·[N·(a_k + b_k x + c_k x²) + B·d_k]: parameters x, norm, background."""

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray
    time: FloatArray | float = 1.0
    x: Parameter = COUPLING
    norm: Parameter = NORM
    background: Parameter = BACKGROUND

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (self.x, self.norm, self.background)

    def expected(self, theta: FloatArray) -> FloatArray:
        x, norm, background = (theta[..., i, None] for i in range(3))
        return self.time * (norm * (self.a + x * (self.b + x * self.c)) + background * self.d)

    def gradient(self, theta: FloatArray) -> FloatArray:
        x, norm, background = (theta[..., i, None] for i in range(3))
        d_x = norm * (self.b + 2 * x * self.c)
        d_norm = self.a + x * (self.b + x * self.c)
        d_background = background * 0 + self.d
        return np.stack(np.broadcast_arrays(*(self.time * d for d in (d_x, d_norm, d_background))), axis=-1)

    @of_rows
    def kinks(self, parameter: str, theta: FloatArray) -> FloatArray:
        return np.empty(0)

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        if {"x", "norm"} <= set(parameters):
            return None
        n, index = len(self.a), {name: i for i, name in enumerate(parameters)}
        rest = theta.copy()
        for name, position in (("x", 0), ("norm", 1), ("background", 2)):
            if name in index:
                rest[position] = 0.0
        linear = np.zeros((n, len(parameters)))
        square = np.zeros((n, len(parameters), len(parameters)))
        for name, i in index.items():
            linear[:, i] = self.gradient(rest)[..., ("x", "norm", "background").index(name)]
            if name == "x":
                square[:, i, i] = self.time * rest[1] * self.c
        return Quadratic(constant=self.expected(rest), linear=linear, square=square)

    def tabled(self, names: Sequence[str]) -> "Polynomial":
        return self

    def at(self, exposure: Exposure) -> "Polynomial":
        return replace(self, time=exposure.live_time_s)


@dataclass(frozen=True, kw_only=True, eq=False)
class Onsets:
    """μ_k = T_k·N·Σ_j w_j sqrt(max(0, t_kj − m²)) + B·d_k: square-root onsets in m, walls beyond.

    `thresholds` holds t_kj, shape (n, j): step k sees channel j while m² < t_kj.
    """

    thresholds: FloatArray
    weights: FloatArray
    strength: float = 1.0
    d: float = 0.0
    time: FloatArray | float = 1.0
    mass: Parameter = MASS
    norm: Parameter = KNOWN_NORM
    background: Parameter = BACKGROUND

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (self.mass, self.norm, self.background)

    def _roots(self, mass: FloatArray) -> FloatArray:
        room = self.thresholds - (mass * mass)[..., None, None]
        return np.sqrt(np.maximum(room, 0.0, out=room), out=room)

    def _signal(self, roots: FloatArray) -> FloatArray:
        return roots @ (self.strength * self.weights)

    def expected(self, theta: FloatArray) -> FloatArray:
        signal = theta[..., 1, None] * self._signal(self._roots(theta[..., 0]))
        return self.time * (signal + self.d * theta[..., 2, None])

    def gradient(self, theta: FloatArray) -> FloatArray:
        mass, roots = theta[..., 0], self._roots(theta[..., 0])
        out = np.empty((*roots.shape[:-1], 3))
        out[..., 1] = self._signal(roots)
        slope = np.divide(1.0, roots, out=roots, where=roots > 0)
        out[..., 0] = -(theta[..., 1] * mass)[..., None] * self._signal(slope)
        out[..., 2] = self.d
        out *= np.asarray(self.time)[..., None]
        return out

    @of_rows
    def kinks(self, parameter: str, theta: FloatArray) -> FloatArray:
        if parameter != "mass":
            return np.empty(0)
        return np.unique(np.sqrt(self.thresholds[self.thresholds > 0]))

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        if "mass" in parameters:
            return None
        n, rest = len(self.thresholds), theta.copy()
        for name in parameters:
            rest[("mass", "norm", "background").index(name)] = 0.0
        columns = [("mass", "norm", "background").index(name) for name in parameters]
        p = len(parameters)
        return Quadratic(
            constant=self.expected(rest), linear=self.gradient(rest)[:, columns], square=np.zeros((n, p, p))
        )

    def tabled(self, names: Sequence[str]) -> "Onsets":
        return self

    def at(self, exposure: Exposure) -> "Onsets":
        return replace(self, time=exposure.live_time_s)


def interference() -> Polynomial:
    """Signal a + bx + cx² with two minima of −2 ln L, and a flat background."""
    return Polynomial(
        a=np.array([25.0, 19.0, 18.0, 12.0, 6.0, 2.0]),
        b=np.array([6.0, 4.0, 5.0, 3.0, 2.5, 0.5]),
        c=np.array([3.0, 2.5, 2.0, 2.0, 1.5, 1.0]),
        d=np.array([4.0, 4.0, 4.0, 4.0, 4.0, 4.0]),
    )


def squared() -> Polynomial:
    """Coupling that enters squared: no slope at 0."""
    return replace(interference(), b=np.zeros(6))


def with_control() -> Polynomial:
    """Six signal steps and two control steps that see the background only."""
    tail = np.zeros(2)
    model = interference()
    return replace(
        model,
        a=np.append(model.a, tail),
        b=np.append(model.b, tail),
        c=np.append(model.c, tail),
        d=np.append(model.d, [20.0, 20.0]),
    )


def orderings() -> dict[str, Onsets]:
    """Two models of one scan, each with its own thresholds, walls included."""
    steps = np.array([-0.4, 0.05, 0.25, 0.5, 0.8, 1.2])[:, None]
    normal = Onsets(
        thresholds=steps + np.array([0.0, 0.3, 0.6]), weights=np.array([0.5, 0.3, 0.2]), strength=30.0
    )
    inverted = replace(
        normal, thresholds=steps + np.array([0.0, 0.1, 0.45]), weights=np.array([0.2, 0.2, 0.6])
    )
    return {"normal": normal, "inverted": inverted}


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftedOnsets:
    """μ_k = S Σ_j w_j sqrt(max(0, t_kj − m² − δ)) + B: a known offset δ has kinks as the mass has."""

    thresholds: FloatArray
    weights: FloatArray
    error: float
    strength: float = 30.0
    background: float = 2.0

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        reach, known = 10 * self.error, Constraint(value=0.0, error=self.error)
        offset = Parameter(
            name="offset", value=0.0, lower=-reach, upper=reach, scale=self.error, constraint=known
        )
        return (MASS, offset)

    def _room(self, theta: FloatArray) -> FloatArray:
        mass, offset = theta[..., 0, None, None], theta[..., 1, None, None]
        return self.thresholds - mass**2 - offset

    def expected(self, theta: FloatArray) -> FloatArray:
        signal = np.sum(self.weights * np.sqrt(np.maximum(self._room(theta), 0.0)), axis=-1)
        return self.strength * signal + self.background

    def gradient(self, theta: FloatArray) -> FloatArray:
        room = self._room(theta)
        slope = np.where(room > 0, -0.5 / np.sqrt(np.where(room > 0, room, 1.0)), 0.0)
        d_offset = self.strength * np.sum(self.weights * slope, axis=-1)
        return np.stack([2 * theta[..., 0, None] * d_offset, d_offset], axis=-1)

    @of_rows
    def kinks(self, parameter: str, theta: FloatArray) -> FloatArray:
        if parameter == "offset":
            return np.unique(self.thresholds - theta[0] ** 2)
        squares = self.thresholds - theta[1]
        return np.unique(np.sqrt(squares[squares > 0]))

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        return None

    def tabled(self, names: Sequence[str]) -> "ShiftedOnsets":
        return self

    def at(self, exposure: Exposure) -> "ShiftedOnsets":
        return self


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoOnsets:
    """μ_k = sqrt(max(0, t_k − m1)) + 2 sqrt(max(0, t_k − m1 m2)) + 1: kinks that move with the other mass."""

    thresholds: FloatArray
    strength: float = 30.0
    first: Parameter = FIRST
    second: Parameter = SECOND

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (self.first, self.second)

    def expected(self, theta: FloatArray) -> FloatArray:
        first, second = theta[..., 0, None], theta[..., 1, None]
        one = np.sqrt(np.maximum(self.thresholds - first, 0.0))
        two = np.sqrt(np.maximum(self.thresholds - first * second, 0.0))
        return self.strength * (one + 2 * two) + 1.0

    def gradient(self, theta: FloatArray) -> FloatArray:
        first, second = theta[..., 0, None], theta[..., 1, None]
        one, two = self.thresholds - first, self.thresholds - first * second
        d_one, d_two = (np.where(r > 0, -0.5 / np.sqrt(np.where(r > 0, r, 1.0)), 0.0) for r in (one, two))
        columns = np.broadcast_arrays(d_one + 2 * d_two * second, 2 * d_two * first)
        return self.strength * np.stack(columns, axis=-1)

    @of_rows
    def kinks(self, parameter: str, theta: FloatArray) -> FloatArray:
        if parameter == "m1":
            return np.unique(np.concatenate([self.thresholds, self.thresholds / theta[1]]))
        return np.unique(self.thresholds / theta[0])

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        return None

    def tabled(self, names: Sequence[str]) -> "TwoOnsets":
        return self

    def at(self, exposure: Exposure) -> "TwoOnsets":
        return self
