"""Pulls of kept toys, fitted by the hypothesis that they were drawn under: (θ̂ − θ_true)/σ̂."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from renp_sim.app.left_out import left_out_of_toys
from renp_sim.ntuple.opening import Paths
from renp_sim.ntuple.toy_reader import ToyFile, open_toys_of_one, rows_of_toys
from renp_sim.ntuple.toy_schema import TOY_LEGENDS, toy_branch

__all__ = ["pull_notes", "pull_report", "pulls_of_toys"]

NO_PARABOLA = 0.5
"""From 1 on so far away, and by five of its errors, the width of pulls is not that of a parabolic error."""


def pull_report(paths: Paths) -> dict[str, Any]:
    """Return what `pulls --json` prints: the rows of `pulls_of_toys`, and what must be known of them.

    Raises
    ------
    SchemaError
        As `pulls_of_toys` does.
    """
    files = open_toys_of_one(paths)
    rows = _pulls(files)
    return {"rows": rows, "notes": [*pull_notes(rows), *left_out_of_toys(files[0])]}


def pulls_of_toys(paths: Paths) -> list[dict[str, Any]]:
    """Return a row for each hypothesis, exposure and floating parameter, ready for JSON.

    `n` of `n_toys` have a parabolic error; a pull of the others, at bounds and kinks, means nothing, and
    where they are many the rest is a selection: bias is the mean of θ̂ − θ_true of all toys. `dropped` says
    how the fits of the others ended.

    Raises
    ------
    SchemaError
        If a file cannot be read, or they do not belong together.
    """
    return _pulls(open_toys_of_one(paths))


def _pulls(files: Sequence[ToyFile]) -> list[dict[str, Any]]:
    first = files[0].campaign
    names = [toy_branch(f"{kind}_{name}") for name in first["parameters"] for kind in ("fit", "err")]
    rows = rows_of_toys(files, [*names, "status"])
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
                dropped = Counter(rows["status"][here][~np.isfinite(pulls)].tolist())
                row["dropped"] = {_ended(status): n for status, n in sorted(dropped.items())}
                out.append(row | {"n_toys": len(away), "bias": float(away.mean()), **_moments(pulls)})
    return out


def _ended(status: int) -> str:
    # a fit may converge where some combination of parameters is unseen
    return TOY_LEGENDS["status"][status] if status else "unseen"


def pull_notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return what must be known of the rows of `pulls_of_toys`: what is left out, and what is no error."""
    notes: dict[str, None] = {}
    for row in rows:
        if row["dropped"]:
            why = ", ".join(f"{n} {name}" for name, n in row["dropped"].items())
            notes[
                f"{row['hypothesis']}, factor {row['factor']:g}: {row['n_toys'] - row['n']} of "
                f"{row['n_toys']} toys have no parabolic error ({why}); means and widths leave them out and "
                "are of a selection, bias is of all"
            ] = None
    for name in dict.fromkeys(row["parameter"] for row in rows):
        wrong = [row["width"] for row in rows if row["parameter"] == name and _is_no_parabola(row)]
        if wrong:
            worst = max(wrong, key=lambda width: abs(width - 1))
            notes[
                f"{name}: a width of {worst:.3g} is not 1: −2 ln L is no parabola in it, so that no "
                "parabolic error exists; `coverage` says how often its intervals hold the truth"
            ] = None
    return list(notes)


def _is_no_parabola(row: dict[str, Any]) -> bool:
    if row["width"] is None:
        return False
    return bool(abs(row["width"] - 1) > max(NO_PARABOLA, 5 * row["width_error"]))


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
