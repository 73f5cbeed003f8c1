"""Where fits start after a scan, and fits inside one smooth piece of a kinked parameter."""

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.chebyshev_mean import PieceMean
from renp_sim.analysis.likelihood.piece import MeanInPiece, Piece, TermsInPiece
from renp_sim.analysis.likelihood.poisson import Likelihood
from renp_sim.analysis.minimise.newton import NEAR_BOUND, minimise
from renp_sim.analysis.minimise.solution import Minimum, Status
from renp_sim.analysis.search.axis import lattice_without
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup
    from renp_sim.analysis.likelihood.constraint import ConstraintTerms
    from renp_sim.analysis.likelihood.mean import ModelMean
    from renp_sim.analysis.search.scan import Scan

__all__ = ["Starts", "fit_pieces", "starts_in_pieces", "starts_on_both_sides"]


KINKED_MARGIN = 4.0
"""A local minimum of a scan this much above the best is not fitted: a fit gains less than that
(test_toys_miss_minima_with_a_weaker)."""

CLOSE_MARGIN = 0.5
"""A piece that comes this close to the best is fitted though the scan shows no minimum in it
(test_rows_that_rest_elsewhere_are_fitted_as_if_alone)."""

BENT_MARGIN = 0.5
"""The same for a coupling, whose scan points are closer
(test_no_fit_is_worse_than_minuit_from_many_starts)."""

ENOUGH = 16
"""Starts in one piece from which on a series is cheaper than the model."""


ASIDE = 0.02
"""Share of the way to the next point by which a start is off a point, which may be where a squared coupling
has no slope (test_toys_miss_minima_with_a_weaker)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """Where r fits start; a toy may be among them more than once.

    Parameters
    ----------
    toys
        Which toy, shape (r,).
    x
        Free parameters, shape (f, r).
    low, high
        Ends of the piece of a kinked parameter, shape (r,); 0 where there is none.
    """

    toys: IndexArray
    x: FloatArray
    low: FloatArray
    high: FloatArray

    def shifted(self, first: int) -> "Starts":
        """Return the same for toys that are numbered from `first`."""
        return replace(self, toys=self.toys + first)

    @classmethod
    def joined(cls, parts: "list[Starts]") -> "Starts":
        """Return all starts as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            toys=np.concatenate([part.toys for part in parts]),
            x=np.concatenate([part.x for part in parts], axis=1),
            low=np.concatenate([part.low for part in parts]),
            high=np.concatenate([part.high for part in parts]),
        )


def starts_on_both_sides(along: "Scan", points: FloatArray, centre: int) -> Starts:
    """Return a start on each side of the centre of a coupling, and at it, where −2 ln L is nearly lowest.

    Parameters
    ----------
    along
        Scan of the coupling.
    points
        Its points.
    centre
        First point beyond the centre.
    """
    # the two points beside the centre stand for what is between the sides
    centre = min(max(centre, 1), len(points) - 1)
    ends = (0, centre - 1, centre + 1, len(points))
    sides = [slice(first, stop) for first, stop in itertools.pairwise(ends) if first < stop]
    lowest = [side.start + np.argmin(along.q[side], axis=0) for side in sides]
    q = np.stack([along.q[at, np.arange(along.q.shape[1])] for at in lowest])
    vertices = [_vertices(along, points, side, at) for side, at in zip(sides, lowest, strict=True)]
    gain = np.stack([gained for gained, _ in vertices])
    chosen = q - 2 * gain <= np.min(q - gain, axis=0) + BENT_MARGIN
    parts = []
    for (_, x), is_start in zip(vertices, chosen, strict=True):
        toys = np.flatnonzero(is_start)
        none = np.zeros(len(toys))
        parts.append(Starts(toys=toys, x=x[:, toys], low=none, high=none))
    return Starts.joined(parts)


def _vertices(
    along: "Scan", points: FloatArray, side: slice, at: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """Return what −2 ln L gains at the vertex beside the lowest point of a side, (b,), and x (f, b) there."""
    toys = np.arange(len(at))
    left, right = np.maximum(at - 1, side.start), np.minimum(at + 1, side.stop - 1)
    q_left, q_here, q_right = (along.q[i, toys] for i in (left, at, right))
    before, after = points[left] - points[at], points[right] - points[at]
    # the parabola q_here + slope d + bend d² through all three
    inside = (left < at) & (at < right) & np.isfinite(q_left) & np.isfinite(q_here) & np.isfinite(q_right)
    rise_left = np.where(inside, q_left, 0.0) - np.where(inside, q_here, 0.0)
    rise_right = np.where(inside, q_right, 0.0) - np.where(inside, q_here, 0.0)
    width = np.where(inside, before * after * (after - before), 1.0)
    bend = (rise_right * before - rise_left * after) / width
    slope = (rise_left * after**2 - rise_right * before**2) / width
    step = np.where(bend > 0, -slope / np.where(bend > 0, 2 * bend, 1.0), 0.0)
    step = np.clip(step, before / 2, after / 2)
    gain = -step * (slope + bend * step)
    least = ASIDE * np.where(right > at, after, before)
    step = np.where(np.abs(step) < np.abs(least), least, step)
    other = np.where(step < 0, left, right)
    span = points[other] - points[at]
    # a side may be one point
    share = step / np.where(span == 0, 1.0, span)
    x = along.x[at, :, toys] + share[:, None] * (along.x[other, :, toys] - along.x[at, :, toys])
    return gain, x.T


def starts_in_pieces(along: "Scan", points: FloatArray, kinks: BoolArray, position: int) -> Starts:
    """Return a start in each smooth piece that has a local minimum of a scan, or comes near the lowest.

    Beside an onset a minimum may hide between two points, so a piece that comes near is fitted anyway.

    Parameters
    ----------
    along
        Scan of the kinked parameter.
    points, kinks
        Its points, and which of them are kinks.
    position
        Where the parameter stands among the free ones.
    """
    q, last = along.q, len(points) - 1
    ends = np.flatnonzero(kinks | np.isin(np.arange(last + 1), (0, last)))
    lowest = np.min(q, axis=0)
    parts = []
    for first, stop in itertools.pairwise(ends.tolist()):
        at = first + 1 + np.argmin(q[first + 1 : stop], axis=0)
        inside = np.take_along_axis(q, at[None], axis=0)[0]
        edge = np.minimum(q[first], q[stop])
        is_minimum = (inside <= edge) & (inside <= lowest + KINKED_MARGIN)
        toys = np.flatnonzero(is_minimum | (np.minimum(inside, edge) <= lowest + CLOSE_MARGIN))
        x = along.x[at[toys], :, toys].T
        x[position] = points[at[toys]]
        low, high = (np.full(len(toys), points[end]) for end in (first, stop))
        parts.append(Starts(toys=toys, x=x, low=low, high=high))
    return Starts.joined(parts)


def fit_pieces(
    counts: FloatArray,
    mean: "ModelMean",
    terms: "ConstraintTerms",
    setup: "Setup",
    position: int,
    start: Starts,
) -> Minimum:
    """Fit a kinked parameter and all others, each start inside its smooth piece.

    Parameters
    ----------
    counts
        Of each start, shape (n, r).
    mean, terms
        Of each start.
    setup
        What floats.
    position
        Where the kinked parameter stands among the free ones.
    start
        Where the fits start.
    """
    piece = Piece(position=position, low=start.low, high=start.high)
    in_piece = TermsInPiece(inner=terms, piece=piece)
    likelihood = Likelihood(counts=counts, mean=MeanInPiece(inner=mean, piece=piece), terms=in_piece)
    x = start.x.copy()
    x[position] = piece.inverse(x[position])
    lower, upper = np.array(setup.lower[:, None]), np.array(setup.upper[:, None])
    lower[position], upper[position] = 0.0, 1.0
    found = Minimum.empty(*x.shape)
    for rows, shared in _shared_means(mean, setup, position, start):
        part = likelihood.take(rows)
        if shared is not None:
            part = replace(part, mean=shared)
        owner = start.toys[rows]
        found.put(rows, minimise(part, x[:, rows], lower, upper, interior=position, owner=owner))
    found = _on_edge(likelihood, found, position)
    u = found.x[position]
    kinks = setup.model.kinks(setup.names[position], setup.theta)
    at_edge = np.minimum(u, 1 - u) <= NEAR_BOUND
    on_kink = at_edge & np.isin(piece.parameter(np.round(u)), kinks) & (found.status <= Status.AT_BOUND)
    x = found.x.copy()
    x[position] = piece.parameter(u)
    status = np.where(on_kink, np.int8(Status.AT_KINK), found.status)
    return Minimum(x=x, q=found.q, status=status, calls=found.calls)


def _shared_means(
    mean: "ModelMean", setup: "Setup", position: int, start: Starts
) -> "list[tuple[IndexArray, PieceMean | None]]":
    """Return which starts share a series of their piece, and last which have none."""
    out: list[tuple[IndexArray, PieceMean | None]] = []
    alone = np.ones(len(start.toys), dtype=bool)
    lattice = lattice_without(setup, setup.names[position]) if mean.template.ndim == 1 else None
    if lattice is not None:
        for low in np.unique(start.low):
            rows = np.flatnonzero(start.low == low)
            if len(rows) < ENOUGH:
                continue
            shared = PieceMean.of(setup, position, float(low), float(start.high[rows[0]]), lattice)
            if shared is not None:
                out.append((rows, shared))
                alone[rows] = False
    if np.any(alone):
        out.append((np.flatnonzero(alone), None))
    return out


def _on_edge(likelihood: Likelihood, found: Minimum, position: int) -> Minimum:
    """Return the fits, those that were held beside an edge of their piece moved onto it where it is lower."""
    near = np.flatnonzero(np.abs(found.x[position] - np.round(found.x[position])) <= NEAR_BOUND)
    x = found.x[:, near]
    x[position] = np.round(x[position])
    q = likelihood.take(near).value(x)
    lower = q <= found.q[near]
    use = near[lower]
    found.x[:, use], found.q[use] = x[:, lower], q[lower]
    found.status[use[found.status[use] <= Status.NOT_CONVERGED]] = Status.AT_BOUND
    found.calls[near] += 1
    return found
