"""The page, put together."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from renp_sim.app.page.answer import answer, question_text
from renp_sim.app.page.folder import Found
from renp_sim.app.page.numbers import numbers_section
from renp_sim.app.page.parameters import parameters_section
from renp_sim.app.page.parts import Section
from renp_sim.app.page.physics import assumptions_section
from renp_sim.app.page.planned import exposure_section
from renp_sim.app.page.provenance import provenance_section
from renp_sim.app.page.remedies import with_remedies
from renp_sim.app.page.schedule import schedule_section
from renp_sim.app.page.spectrum import spectrum_section
from renp_sim.app.page.words import run_names, without_folders
from renp_sim.app.thresholds import FitReport
from renp_sim.errors import listed

if TYPE_CHECKING:
    from jinja2 import Template

    from renp_sim.plots.figure import Figure

__all__ = ["page_of"]

NOTHING_FOUND = Found()


def page_of(
    fit: FitReport,
    figures: "Mapping[str, Figure]",
    results: Mapping[str, Any],
    found: Found = NOTHING_FOUND,
) -> bytes:
    """Return the report as one file of HTML: the same bytes for the same data, wherever they lie.

    Parameters
    ----------
    fit
        What was fitted.
    figures
        "spectrum", "energies" and, if there are such, "thresholds" and "lightest_mass".
    results
        What `results.json` says.
    found
        What lies beside the data; of blind data only what cannot tell their truth is shown.

    Raises
    ------
    SchemaError
        If a file beside the data cannot be read.
    """
    tables = fit.data.tables
    found = found.of_runs(tables.names, len(fit.data.fitted.counts))
    if tables.runs["is_blind"].any():
        found = found.blinded()
    results = _without_folders(fit, results)
    sections = [
        numbers_section(fit, found),
        schedule_section(fit),
        spectrum_section(fit, figures["spectrum"], figures.get("thresholds"), figures["energies"]),
        parameters_section(fit, figures.get("lightest_mass")),
        _campaign(found),
        exposure_section(found),
        assumptions_section(fit),
        provenance_section(fit, results, found.paths),
    ]
    names = run_names(fit.data.tables)
    return (
        _template()
        .render(
            title=listed(names, 1),
            question=question_text(fit),
            answer=answer(fit),
            warnings=with_remedies(fit, found.notes),
            sections=[section for section in sections if section is not None],
        )
        .encode()
    )


def _without_folders(fit: FitReport, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `results.json` says, with names of files for their paths."""
    data, question, found = fit.data, results["question"], results["fit"]
    model = None if data.model is None else data.model.name
    notes = [without_folders(data, note) for note in found["notes"]]
    return dict(results) | {
        "files": [path.name for path in data.tables.paths],
        "question": question | {"model": model},
        "fit": found | {"notes": notes},
    }


def _campaign(found: Found) -> Section | None:
    if not found.toys and not found.belts:
        return None
    # what reads them takes its time to load
    from renp_sim.app.page.campaign import campaign_section

    return campaign_section(found)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    folder = files("renp_sim.app.page") / "template"
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["style"] = (folder / "style.css").read_text("utf-8")
    return environment.from_string((folder / "report.html").read_text("utf-8"))
