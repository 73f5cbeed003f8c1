"""`renp-sim report`: the page of files, or of folders as they were fitted."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from renp_sim.analysis.infer.goodness import Goodness
from renp_sim.app.data import read_data
from renp_sim.app.page.folder import Found, found_in
from renp_sim.app.question import Question
from renp_sim.app.report import Report, analyse, page_of_report
from renp_sim.errors import ConfigError
from renp_sim.files import write_file
from renp_sim.outputs import require_outputs

__all__ = ["hand_over"]


def hand_over(
    paths: Sequence[Path],
    output: Path,
    *,
    question: Question | None = None,
    model: str | PathLike[str] | None = None,
    settings: Sequence[str] = (),
    seed: int | None = None,
    energies: bool = False,
    force: bool = False,
) -> Report:
    """Write the report of some files and folders as one file of HTML, and return what was found.

    Parameters
    ----------
    paths
        ROOT files, and folders that `run` and `fit` wrote, with toys, belts, limits and exposures in them.
    output
        The page.
    question
        What is fitted; None: as the folders were, or the default.
    model, settings, seed, energies
        As in `read_data`, where a question is given; else as the folders were fitted.
    force
        Replace an existing page.

    Raises
    ------
    ConfigError, FitError
        As `analyse` does, or if folders were fitted differently.
    SchemaError
        If a file cannot be read, or the page cannot be written, or is one of the inputs.
    """
    found = found_in(paths)
    asked = _asked(found) if question is None else None
    if asked is not None:
        question, given = asked
        model, settings, energies = model or given["model"], settings or given["settings"], given["energies"]
    read = [*found.ntuples, *(each.path for each in found.kept), *found.toys, *found.belts]
    require_outputs([output], inputs=[*read, None if model is None else Path(fspath(model))], force=force)
    report = analyse(
        read_data(found.ntuples, model, settings, seed=seed, energies=energies), question or Question()
    )
    if asked is not None:
        report = replace(report, fit=replace(report.fit, goodness=_goodness(found, report)))
    write_file(output, page_of_report(report, found), force=force)
    return report


def _asked(found: Found) -> tuple[Question, dict[str, Any]] | None:
    """Return the question of the folders and what else they were fitted with; None where none says so."""
    kept = [(each.path, each.table.get("question")) for each in found.kept if each.kind == "results"]
    if not kept:
        return None
    path, table = kept[0]
    another = next((other for other, theirs in kept if theirs != table), None)
    if another is not None:
        raise ConfigError(
            f"{path}, {another}: were fitted with different questions: report them apart, or give the ROOT "
            "files and the options of `renp-sim fit`"
        )
    if not isinstance(table, dict):
        table = {}
    try:
        return Question.from_dict(table), {
            "model": table["model"],
            "settings": tuple(table["settings"]),
            "energies": bool(table["energies"]),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(
            f"{path}: does not say what was asked (an older version, or changed): give the ROOT files and "
            "the options of `renp-sim fit`"
        ) from None


def _goodness(found: Found, report: Report) -> Goodness | None:
    """Return the p-value from toys that a folder keeps of the same best fit."""
    for table in found.of_kind("results"):
        try:
            if table["fit"]["goodness"] and table["fit"]["best"] == report.fit.result.best.label:
                return Goodness(**table["fit"]["goodness"])
        except (KeyError, TypeError):
            # of another version, or changed: then it says nothing of toys
            continue
    return None
