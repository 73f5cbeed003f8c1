"""What a campaign of toys says: read from its files, by whoever made them and whoever finds them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr

from renp_sim.analysis.infer.power import Power
from renp_sim.analysis.infer.weights import BEYOND, is_beyond
from renp_sim.analysis.minimise.solution import Status
from renp_sim.analysis.plan.crossing import Crossings
from renp_sim.analysis.plan.toy_crossing import toy_crossings
from renp_sim.analysis.toys.campaign import ALTERNATIVE, TRUTH
from renp_sim.analysis.toys.curve import Point, delta_q_of, point_of
from renp_sim.app.exposure import require_test
from renp_sim.app.left_out import left_out_of_toys
from renp_sim.arrays import Columns, FloatArray
from renp_sim.errors import FitError
from renp_sim.ntuple.opening import Paths
from renp_sim.ntuple.toy_reader import ToyFile, read_toys
from renp_sim.ntuple.toy_schema import TOY_LEGENDS

__all__ = ["NAMES", "read_campaign", "require_few_failures"]

NAMES = ("minus_2_sigma", "minus_1_sigma", "median", "plus_1_sigma", "plus_2_sigma")
"""Of the quantiles of a band."""


def read_campaign(
    paths: Paths, *, significance: float = 3.0, powers: Sequence[float] = (0.5, 0.9)
) -> dict[str, Any]:
    """Return what the toys of one or several files of a campaign say, ready for JSON.

    Parameters
    ----------
    paths
        The files.
    significance
        One-sided, of the power.
    powers
        Whose exposures are wanted.

    Raises
    ------
    ConfigError
        If there is no such significance or power.
    SchemaError
        If a file cannot be read, or they do not belong together.
    """
    require_test(significance, powers)
    files, rows = read_toys(paths, ["nll", "log_ratio", "status"])
    about = files[0].campaign
    points = _points(about, rows, significance)
    said = [_table(point) for point in points] or [{} for _ in about["exposures"]]
    return {
        "question": about["question"],
        "hypotheses": list(about["hypotheses"]),
        "normalisation": about["normalisation"],
        "run": int(files[0].row["run"]),
        "n_toys": sum(file.n_toys for file in files),
        "ranges": [list(span) for span in _joined(files)],
        "significance": significance,
        "sided": "one-sided",
        "exposures": [dict(times) | table for times, table in zip(about["exposures"], said, strict=True)],
        "results": [_crossing(each, about) for each in _crossings(points, powers)],
        "fits": _fits(rows),
        "notes": [*_notes(points), *left_out_of_toys(files[0])],
    }


def _joined(files: Sequence[ToyFile]) -> list[tuple[int, int]]:
    """Return the ranges of all files, neighbours joined."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(span for file in files for span in file.ranges):
        if out and out[-1][1] == first:
            first = out.pop()[0]
        out.append((first, last))
    return out


def _points(about: Any, rows: Columns, significance: float) -> list[Point]:
    """Return what each exposure says; none where toys of one hypothesis only are there."""
    if about["question"] is None or len(about["drawn"]) < 2:
        return []
    factors = [times["factor"] for times in about["exposures"]]
    # sorted by toy, drawn hypothesis, exposure, fitted one
    nll, ratio = (rows[name].reshape(-1, 2, len(factors), 2) for name in ("nll", "log_ratio"))
    statistic = delta_q_of(nll[..., ALTERNATIVE], nll[..., TRUTH])
    drawn = [ALTERNATIVE, TRUTH]
    return [
        point_of(factor, statistic[:, drawn, place].T, ratio[:, drawn, place, TRUTH].T, [significance])
        for place, factor in enumerate(factors)
    ]


def _table(point: Point) -> dict[str, Any]:
    (power,) = point.powers
    return {
        "power": power.value,
        "power_error": power.error,
        "median_delta_q": point.median_delta_q,
        "p_value": float(ndtr(-point.significance[2])),
        "is_bound": is_beyond(point.significance[2]),
        "significance": dict(zip(NAMES, point.significance, strict=True)),
    }


def _crossings(points: Sequence[Point], powers: Sequence[float]) -> list[Crossings]:
    """Return where along the exposure powers are reached; it takes two exposures."""
    if len(points) < 2:
        return []
    found: list[Power] = [point.powers[0] for point in points]
    curve: tuple[FloatArray, FloatArray, FloatArray] = (
        np.array([point.factor for point in points]),
        np.array([power.value for power in found]),
        np.array([power.error for power in found]),
    )
    return [toy_crossings(curve, power) for power in powers]


def _crossing(found: Crossings, about: Any) -> dict[str, Any]:
    factor = found.factors[-1] if found.factors else None
    live_s = about["exposures"][0]["live_time_s"] / about["exposures"][0]["factor"]
    return {
        "power": found.power,
        "status": found.status,
        "factor": factor,
        "factor_error": found.error,
        "live_time_s": None if factor is None else factor * live_s,
    }


def _fits(rows: Columns) -> dict[str, Any]:
    counts = Counter(rows["status"].tolist())
    return {
        "n": len(rows["status"]),
        "failed": counts[Status.NOT_CONVERGED],
        **{TOY_LEGENDS["status"][status]: n for status, n in sorted(counts.items())},
    }


def _notes(points: Sequence[Point]) -> list[str]:
    if any(is_beyond(sigma) for point in points for sigma in point.significance):
        return [BEYOND]
    return []


def require_few_failures(fits: dict[str, Any], most: float) -> None:
    """Raise FitError if more than a share of all fits did not converge."""
    share = fits["failed"] / max(fits["n"], 1)
    if share > most:
        raise FitError(
            f"{fits['failed']} of {fits['n']} fits did not converge, more than --max-failed {most:g}: "
            "the toys are written; fix or constrain what the data do not see"
        )
