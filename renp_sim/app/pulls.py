"""Pulls of kept toys, fitted by the hypothesis that they were drawn under: (θ̂ − θ_true)/σ̂."""

from typing import Any

import numpy as np

from renp_sim.ntuple.opening import Paths
from renp_sim.ntuple.toy_reader import read_toys
from renp_sim.ntuple.toy_schema import toy_branch

__all__ = ["pulls_of_toys"]


def pulls_of_toys(paths: Paths) -> list[dict[str, Any]]:
    """Return a row for each hypothesis, exposure and floating parameter, ready for JSON.

    `n` of `n_toys` have a parabolic error; a pull of the others, at bounds and kinks, means nothing, and
    where they are many the rest is a selection: bias is the mean of θ̂ − θ_true of all toys.

    Raises
    ------
    SchemaError
        If a file cannot be read, or they do not belong together.
    """
    first = read_toys(paths, [])[0][0].campaign
    names = [toy_branch(f"{kind}_{name}") for name in first["parameters"] for kind in ("fit", "err")]
    _, rows = read_toys(paths, names)
    out = []
    for hypothesis in first["drawn"]:
        own = (rows["hypothesis"] == hypothesis) & (rows["fitted"] == hypothesis)
        for times, truths in zip(first["exposures"], first["truths"], strict=True):
            here = own & (rows["exposure_factor"] == times["factor"])
            for name, truth in truths[hypothesis].items():
                away = rows[toy_branch(f"fit_{name}")][here] - truth
                pulls = away / rows[toy_branch(f"err_{name}")][here]
                label = first["hypotheses"][hypothesis]
                row = {"hypothesis": label, "factor": times["factor"], "parameter": name, "truth": truth}
                out.append(row | {"n_toys": len(away), "bias": float(away.mean()), **_moments(pulls)})
    return out


def _moments(pulls: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, Any]:
    """Return mean and width with their errors, those of a normal distribution; None of fewer than two."""
    known = pulls[np.isfinite(pulls)]
    n = len(known)
    if n < 2:
        return {"n": n, "mean": None, "mean_error": None, "width": None, "width_error": None}
    width = float(known.std(ddof=1))
    return {
        "n": n,
        "mean": float(known.mean()),
        "mean_error": width / n**0.5,
        "width": width,
        "width_error": width / (2 * (n - 1)) ** 0.5,
    }
