"""Results as files: spectrum, fit and threshold search as plots and JSON, and the whole job in one call."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.analysis.spectrum.measured import Spectrum, measured_spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch, search_thresholds
from renp_sim.app.data import Data, read_data
from renp_sim.app.question import Question
from renp_sim.app.report_figures import draw
from renp_sim.app.thresholds import FitReport, fit_report
from renp_sim.errors import SchemaError
from renp_sim.ntuple.reader import read_many
from renp_sim.plots.spectrum import spectrum_plot
from renp_sim.production.generate import Generated, Progress, generate
from renp_sim.runfile.run import Run

__all__ = [
    "Report",
    "analyse",
    "make_folder",
    "run_all",
    "spectrum_of_files",
    "write_json",
    "write_report",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What was found in some files.

    Parameters
    ----------
    spectrum
        Î(ω) as measured.
    fit
        The fit of the hypotheses and what follows from it, with the data and the question.
    search
        Thresholds found without neutrino physics.
    """

    spectrum: Spectrum
    fit: FitReport
    search: ThresholdSearch

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "files": [str(path) for path in self.fit.data.tables.paths],
            "runs": self.fit.data.tables.runs["run"].tolist(),
            "spectrum": self.spectrum.as_dict(),
            "fit": self.fit.as_dict(),
            "search": self.search.as_dict(),
        }


def analyse(data: Data, question: Question) -> Report:
    """Rebuild the spectrum, fit it and search it for thresholds.

    Raises
    ------
    ConfigError, FitError
        As `fit_data` does.
    """
    return Report(
        spectrum=measured_spectrum(data.observation),
        fit=fit_report(data, question),
        search=search_thresholds(data.observation),
    )


def run_all(
    run: Run,
    folder: Path,
    *,
    workers: int = 1,
    force: bool = False,
    question: Question | None = None,
    progress: Progress | None = None,
    stage: Callable[[str], None] = lambda _: None,
) -> tuple[Generated, Report, list[Path]]:
    """Do the main job: ntuple, spectrum and fit as PNG and PDF, results.json.

    Parameters
    ----------
    run
        The run.
    folder
        Where the files go; made if it is not there.
    workers, force, progress
        As in `generate`.
    question
        What is fitted.
    stage
        Told what is being done.

    Returns
    -------
    tuple
        What was generated, what was found, and the files.

    Raises
    ------
    SchemaError
        If the folder cannot be written, or has these files already and `force` is not given.
    """
    question = question or Question()
    make_folder(folder)
    stage("generating")
    made = generate(run, folder / "events.root", workers=workers, force=force, progress=progress)
    stage("fitting")
    report = analyse(read_data([made.path]), question)
    stage("drawing")
    return made, report, [made.path, *write_report(report, folder)]


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write plots and results.json into a folder and return the files."""
    make_folder(folder)
    files = draw(report.spectrum, report.fit, report.search, folder)
    results = folder / "results.json"
    write_json(results, report.as_dict())
    return [*files, results]


def spectrum_of_files(paths: Sequence[Path], folder: Path | None = None) -> tuple[dict[str, Any], list[Path]]:
    """Return what `spectrum --json` prints, and the plots if there is a folder for them.

    Raises
    ------
    SchemaError
        If a file cannot be read or the folder cannot be written.
    """
    tables = read_many([str(path) for path in paths])
    spectrum = measured_spectrum(observation_from_tables(tables))
    written: list[Path] = []
    if folder is not None:
        make_folder(folder)
        title = "run " + ", ".join(str(run) for run in tables.runs["run"].tolist()[:3])
        written += spectrum_plot(spectrum, folder / "spectrum", title=title)
    return spectrum.as_dict(), written


def make_folder(folder: Path) -> None:
    """Make a folder for results; SchemaError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SchemaError(f"{folder}: cannot be made ({error.strerror}): choose another folder") from None


def write_json(path: Path, table: dict[str, Any]) -> None:
    """Write JSON under its final name only when it is whole; SchemaError if that cannot be."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SchemaError(f"{path}: cannot be written ({error.strerror})") from None
