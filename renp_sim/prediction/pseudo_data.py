"""Pseudo-data of a prediction: the Asimov set, and toys that are found by their number.

Toy t belongs to block t // 4096 and is drawn from the block's own random stream, so toys A … B − 1 are the
same whoever draws them, alone or among others.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from renp_sim.analysis.data import Observation
from renp_sim.analysis.model import Parameter
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts
from renp_sim.streams import BLOCK_TOYS, Stage, name_key, stream

__all__ = ["asimov", "measured_values", "toys"]


def asimov(model: ExpectedCounts | JointCounts, theta: ArrayLike) -> Observation:
    """Return the observation whose counts are the expectation at θ, shape (..., n)."""
    return Observation(exposure=model.exposure, counts=model.expected(np.asarray(theta, dtype=np.float64)))


def toys(
    model: ExpectedCounts | JointCounts, theta: ArrayLike, *, seed: int, n_toys: int, start: int = 0
) -> Observation:
    """Return Poisson counts of the toys start … start + n_toys − 1, shape (n_toys, n).

    Parameters
    ----------
    model
        Expected counts.
    theta
        Shape (p,), or (n_toys, p) where each toy has its own truth.
    seed
        Of all toys.
    n_toys, start
        How many, and the number of the first.

    Raises
    ------
    ConfigError
        If the numbers of the toys are out of range, or toys with their own truth start inside a block: what
        the toys before them would draw is not known then.

    Examples
    --------
    >>> from renp_sim.analysis.data import Exposure
    >>> from renp_sim.physics.atom import known_atoms
    >>> from renp_sim.physics.neutrino import Ordering, Oscillation
    >>> from renp_sim.physics.target import Target
    >>> model = ExpectedCounts(
    ...     exposure=Exposure.of(omega_eV=1.0688, live_time_s=2.3 * 86400, gamma0_hz=0.002),
    ...     target=Target(atom=known_atoms()["Yb"]),
    ...     oscillation=Oscillation.nufit(Ordering.NORMAL), offered=("lightest_mass_eV",),
    ... )
    >>> theta = np.array([0.01])
    >>> many = toys(model, theta, seed=1, n_toys=1000).counts
    >>> bool(np.all(toys(model, theta, seed=1, n_toys=10, start=990).counts == many[990:]))
    True
    """
    expected = model.expected(np.asarray(theta, dtype=np.float64))
    own = expected.ndim > 1
    if own and len(expected) != n_toys:
        raise ConfigError(f"theta: {len(expected)} rows for {n_toys} toys: give one row, or one for each toy")
    if own and start % BLOCK_TOYS:
        raise ConfigError(
            f"start = {start}: toys with a truth of their own start at a multiple of {BLOCK_TOYS}"
        )

    def drawn(block: int, size: int) -> FloatArray:
        first = block * BLOCK_TOYS - start
        mean = expected[first : first + size] if own else expected
        counts = stream(seed, Stage.TOYS, block).poisson(mean, (size, expected.shape[-1]))
        return counts.astype(np.float64)

    return Observation(exposure=model.exposure, counts=_in_blocks(drawn, start, n_toys))


def measured_values(
    parameter: Parameter, truth: float, *, seed: int, n_toys: int, start: int = 0
) -> FloatArray:
    """Return what an external measurement of a parameter gives in each toy, repeated, shape (n_toys,).

    Parameters
    ----------
    parameter
        With its constraint; what was really measured plays no part, only the error and the shape.
    truth
        True value of the parameter.
    seed, n_toys, start
        As in `toys`, whose counts are independent of these values.

    Raises
    ------
    ConfigError
        If the parameter has no constraint, or the numbers of the toys are out of range.
    """
    constraint = parameter.constraint
    if constraint is None:
        raise ConfigError(f"parameter {parameter.name!r}: has no constraint, so nothing was measured")
    key = name_key(parameter.name)

    def drawn(block: int, size: int) -> FloatArray:
        return stream(seed, Stage.MEASUREMENTS, block, key).standard_normal(size)

    pulls = _in_blocks(drawn, start, n_toys)
    return constraint.randomised(truth, pulls)


def _in_blocks(drawn: Callable[[int, int], FloatArray], start: int, n_toys: int) -> FloatArray:
    """Return toys of consecutive blocks; `drawn` gives the first toys of a block."""
    stop = start + n_toys
    if not 0 <= start <= stop <= BLOCK_TOYS * 2**32:
        raise ConfigError(f"toys {start} … {stop - 1}: numbers must lie in 0 … {BLOCK_TOYS * 2**32 - 1}")

    def parts() -> Iterator[FloatArray]:
        for block in range(start // BLOCK_TOYS, max(-(-stop // BLOCK_TOYS), start // BLOCK_TOYS + 1)):
            begin = block * BLOCK_TOYS
            size = min(stop - begin, BLOCK_TOYS)
            yield drawn(block, size)[max(start - begin, 0) :]

    return np.concatenate(list(parts()))
