"""A scan of toys in which all else is fitted, where −2 ln L has many minima in it: couplings and angles.

At points of what has kinks μ is a sum of monomials that all toys share, so that a fit from each valley costs
no model call. One straight step, as of `renp_sim.analysis.search.scan`, knows one valley only.
"""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.analysis.minimise.newton import minimise
from renp_sim.analysis.search.axis import lattice_without
from renp_sim.analysis.search.grid import bent_centre
from renp_sim.analysis.search.pieces import Starts
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.starts import angle_places, valleys
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["has_several_valleys", "lattice_beside", "starts_after_fits"]


MARGIN, SHARE = 30.0, 1.0
"""How far above the lowest of its toy, and by what share of that, a fit at a point is no start: a point is
somewhere in its valley (test_toys_of_couplings_beside_a_norm_have_the_minima_of_the_profile), which is narrow
where counts are many (test_toys_of_many_counts_find_both_moments)."""

MOST_FITS = 4000
"""Points × toys in one batch of fits."""


def has_several_valleys(setup: "Setup") -> bool:
    """Return whether angles float, several couplings, or one beside a mass."""
    return bool(setup.angles) or len(setup.bent) + len(setup.searched[:1]) > 1


def lattice_beside(setup: "Setup", scanned: tuple[str, ...]) -> tuple[tuple[str, ...], Lattice | None]:
    """Return what is held at points of what is scanned, and the lattice of all else, None where μ is no sum.

    What bends μ and is no coupling or angle, as mixing angles do, is held where it stands.
    """
    lattice = lattice_without(setup, *scanned)
    if lattice is not None:
        return scanned, lattice
    known = {*scanned, *setup.linear, *setup.squared, *setup.angles}
    held = (*scanned, *(name for name in setup.names if name not in known))
    return held, lattice_without(setup, *held)


def starts_after_fits(
    problem: Problem,
    axes: dict[str, FloatArray],
    ends: FloatArray,
    held: tuple[str, ...],
    lattice: Lattice,
) -> Starts:
    """Return the minima along each valley in each smooth piece, where they come near the lowest of their toy.

    Parameters
    ----------
    problem
        Of which all toys have the same resting parameters.
    axes
        Points of what has kinks, first, and of what moves these.
    ends
        Ends of its smooth pieces, the bounds among them.
    held, lattice
        As `lattice_beside` says.
    """
    setup, rest = problem.setup, problem.setup.without(*held)
    others = [setup.names.index(name) for name in rest.names]
    apart = [setup.names.index(name) for name in held]
    position = setup.names.index(next(iter(axes)))
    theta = np.tile(setup.theta, (int(np.prod([len(points) for points in axes.values()])), 1))
    theta[:, [setup.index(name) for name in axes]] = np.array(list(itertools.product(*axes.values())))
    mean = RowMean.of(setup.model, theta, rest.free, lattice)
    own, terms = problem.terms.keep(apart), problem.terms.keep(others)
    lowest, found = np.full(problem.n_toys, np.inf), []
    for at in np.array_split(np.arange(len(theta)), -(-len(theta) * problem.n_toys // MOST_FITS)):
        toys = np.tile(np.arange(problem.n_toys), len(at))
        rows = np.repeat(at, problem.n_toys)
        likelihood = Likelihood(counts=problem.counts[:, toys], mean=mean.take(rows), terms=terms.take(toys))
        x = theta[rows][:, setup.free].T
        for start in valleys(rest, likelihood, x[others]):
            fits = minimise(likelihood, start, rest.lower[:, None], rest.upper[:, None])
            x = x.copy()
            x[others] = fits.x
            q = fits.q + own.take(toys).value(x[apart])
            np.minimum.at(lowest, toys, q)
            near = np.flatnonzero(q <= _ceiling(lowest)[toys])
            found.append((toys[near], q[near], x[:, near]))
    toys, q, x = (np.concatenate(of_all, axis=-1) for of_all in zip(*found, strict=True))
    piece = np.clip(np.searchsorted(ends, x[position], "right"), 1, len(ends) - 1)
    # along the points of each valley in each piece, of which the lowest fit comes first
    tracks = np.stack([toys, piece, *_valley_of(setup, x)])
    order = np.lexsort((q, x[position], *tracks[::-1]))
    is_first = _differs(np.concatenate([tracks, x[None, position]])[:, order])
    order = order[is_first]
    begins = _differs(tracks[:, order])
    before = np.where(begins, np.inf, np.roll(q[order], 1))
    after = np.where(np.roll(begins, -1), np.inf, np.roll(q[order], -1))
    is_minimum = (q[order] <= np.minimum(before, after)) & (q[order] <= _ceiling(lowest)[toys[order]])
    order = order[is_minimum]
    return Starts(toys=toys[order], x=x[:, order], low=ends[piece[order] - 1], high=ends[piece[order]])


def _ceiling(lowest: FloatArray) -> FloatArray:
    """Return what is too high for a start, shape (b,)."""
    return np.asarray((1 + SHARE) * lowest + MARGIN)


def _differs(key: FloatArray | IndexArray) -> BoolArray:
    """Return which columns differ from the one before, shape (r,)."""
    return np.append(True, np.any(np.diff(key, axis=1) != 0, axis=0))[: key.shape[1]]


def _valley_of(setup: "Setup", x: FloatArray) -> list[IndexArray]:
    """Return in which valley fits x (f, b) are: sides of couplings, parts of turns of angles, (b,) each."""
    out = []
    for position, name in enumerate(setup.names):
        if name in setup.squared:
            out.append((x[position] > bent_centre(setup, name)).astype(np.intp))
        elif name in setup.angles:
            period = setup.model.parameters[setup.index(name)].period or 1.0
            part = np.floor(x[position] % period / period * len(angle_places(setup, name)))
            out.append(part.astype(np.intp))
    return out
