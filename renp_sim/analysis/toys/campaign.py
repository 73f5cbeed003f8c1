"""A campaign: toys of one or two hypotheses along the exposure, fitted by each; `run_block` makes a block.

A row is one fit: (toy, hypothesis that it was drawn under, exposure, hypothesis that was fitted).
"""

from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.weights import log_ratio
from renp_sim.analysis.likelihood.fisher import fisher_errors
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.search import search
from renp_sim.analysis.toys.nested import nested_counts, pulls_of, uniforms_of
from renp_sim.arrays import Columns, FloatArray
from renp_sim.streams import BLOCK_TOYS

__all__ = ["ALTERNATIVE", "TRUTH", "Campaign", "run_block"]

TRUTH, ALTERNATIVE = 0, 1
"""Numbers of the hypotheses."""

SLOW_TOYS = 256
"""Toys in a block where several parameters are curved, as a mass and a frequency offset: then a toy takes
milliseconds, and a large block saves nothing (`test_a_few_toys_of_a_slow_fit_are_a_small_block`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Campaign:
    """What decides the rows of all blocks; picklable.

    Parameters
    ----------
    seed
        Of all random numbers.
    factors
        Exposures, rising, as factors on the durations of a run file.
    setups
        At each exposure the hypotheses, truth first, each where its toys are drawn and its fits start.
    drawn
        The hypotheses under which toys are drawn.
    """

    seed: int
    factors: tuple[float, ...]
    setups: tuple[tuple[Setup, ...], ...]
    drawn: tuple[int, ...]

    @property
    def n_hypotheses(self) -> int:
        """How many hypotheses are fitted to each toy."""
        return len(self.setups[0])

    @property
    def rows_per_toy(self) -> int:
        """Fits of a toy of a given number."""
        return len(self.drawn) * len(self.factors) * self.n_hypotheses

    @property
    def parameters(self) -> tuple[str, ...]:
        """What floats under any hypothesis."""
        return tuple(dict.fromkeys(name for setup in self.setups[0] for name in setup.names))

    @property
    def block_toys(self) -> int:
        """Toys of a block, which are fitted together whatever part of them is asked for.

        A fit among others may differ from that alone in its last digits: a scan is shared.
        """
        slow = any(len(set(s.names) - s.linear - s.squared) > 1 for s in self.setups[0])
        return SLOW_TOYS if slow else BLOCK_TOYS


def run_block(campaign: Campaign, block: int) -> Columns:
    """Return the rows of a block of toys, in the order of toy, drawn hypothesis, exposure and fitted one.

    `counts` has shape (rows, n), all else (rows,). A parameter that a hypothesis has not, and an error that
    means nothing (at a bound, near a kink, unseen, fixed), is NaN.
    """
    size = campaign.block_toys
    first = block * size
    of_random, start = divmod(first, BLOCK_TOYS)
    rows = slice(start, start + size)
    constrained = [
        n for s in campaign.setups[0] for n, c in zip(s.names, s.constraints, strict=True) if c is not None
    ]
    pulls = {
        k: v[rows] for k, v in pulls_of(campaign.seed, of_random, list(dict.fromkeys(constrained))).items()
    }
    n_steps = len(_expected(campaign.setups[0][TRUTH]))
    uniforms = [u[rows] for u in uniforms_of(campaign.seed, of_random, n_steps, len(campaign.factors))]
    made: list[Columns] = []
    for drawn in campaign.drawn:
        expected = [_expected(setups[drawn]) for setups in campaign.setups]
        for place, counts in enumerate(nested_counts(uniforms, expected)):
            setups = campaign.setups[place]
            measured = [_measured(setup, setups[drawn], pulls) for setup in setups]
            ratio = np.full(size, np.nan)
            if campaign.n_hypotheses > 1:
                ratio = log_ratio(setups[::-1], counts, measured[::-1])
            for fitted, setup in enumerate(setups):
                found = _fitted(campaign, setup, counts, measured[fitted])
                keys = {"hypothesis": drawn, "fitted": fitted}
                made.append(
                    {name: np.full(size, number, dtype=np.int8) for name, number in keys.items()}
                    | {"exposure_factor": np.full(size, campaign.factors[place])}
                    | {"toy": np.arange(first, first + size), "log_ratio": ratio}
                    | found
                )
    # toy after toy, so that any range of them is one piece
    return {
        name: np.stack([part[name] for part in made], axis=1).reshape(-1, *made[0][name].shape[1:])
        for name in made[0]
    }


def _expected(setup: Setup) -> FloatArray:
    return setup.model.expected(setup.theta)


def _measured(fitted: Setup, drawn: Setup, pulls: dict[str, FloatArray]) -> FloatArray | None:
    """Return what others measure of what is constrained, shape (b, f), where another hypothesis is true."""
    if all(constraint is None for constraint in fitted.constraints):
        return None
    values = np.zeros((len(next(iter(pulls.values()))), len(fitted.free)))
    for place, (name, constraint) in enumerate(zip(fitted.names, fitted.constraints, strict=True)):
        if constraint is not None:
            values[:, place] = constraint.randomised(float(drawn.theta[drawn.index(name)]), pulls[name])
    return values


def _fitted(campaign: Campaign, setup: Setup, counts: FloatArray, values: FloatArray | None) -> Columns:
    """Return the fits of one hypothesis to sets of counts."""
    found = search(setup, counts, constraint_values=values)
    problem = Problem.of(setup, counts, found.theta, values)
    errors = dict(zip(setup.names, fisher_errors(problem, found.status == 0).T, strict=True))
    names = [parameter.name for parameter in setup.model.parameters]
    nothing = np.full(len(counts), np.nan)
    out: Columns = {
        "nll": found.q / 2,
        "status": found.status,
        "n_calls": found.calls,
        "counts": counts.astype(np.int64),
    }
    for name in campaign.parameters:
        out[f"fit_{name}"] = found.theta[:, names.index(name)] if name in names else nothing
        out[f"err_{name}"] = errors.get(name, nothing)
    return out
