"""Results as files: spectrum, fit and threshold search as plots and JSON, and the whole job in one call."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.analysis.infer.result import plain
from renp_sim.analysis.spectrum.measured import Spectrum, measured_spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch, search_thresholds
from renp_sim.app.data import Data, detectors_of, read_data
from renp_sim.app.left_out import afterpulse_notes
from renp_sim.app.one_physics import atom_of_steps, atoms_of, mass_notes, physics_of_runs
from renp_sim.app.page.folder import RESULTS, Found
from renp_sim.app.page.words import title_of
from renp_sim.app.page.write import page_of
from renp_sim.app.question import Question
from renp_sim.app.report_figures import PLOTS, figures_of, save_figures
from renp_sim.app.thresholds import FitReport, fit_report
from renp_sim.errors import ConfigError
from renp_sim.files import write_file
from renp_sim.ntuple.reader import read_many
from renp_sim.outputs import require_outputs, results_folder
from renp_sim.plots.figure import png_and_pdf, save
from renp_sim.plots.spectrum import spectrum_plot
from renp_sim.production.generate import Generated, Progress, generate
from renp_sim.runfile.run import Run

__all__ = [
    "Report",
    "analyse",
    "page_of_report",
    "report_folder",
    "run_all",
    "spectrum_of_files",
    "write_report",
]

PAGE: Final = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What was found in some files.

    Parameters
    ----------
    spectrum
        Î(ω) as measured.
    fit
        The fit of the hypotheses and what follows from it, with the data and the question.
    searches
        Thresholds found without neutrino physics in the steps of each atom.
    """

    spectrum: Spectrum
    fit: FitReport
    searches: tuple[ThresholdSearch, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON, which has no NaN: what is not finite is None."""
        atoms = self.fit.data.atoms
        return {
            "files": [str(path) for path in self.fit.data.tables.paths],
            "runs": self.fit.data.tables.runs["run"].tolist(),
            "question": self.fit.question.as_dict() | self.fit.data.asked,
            "spectrum": plain(_spectrum_table(self.spectrum, atoms)),
            "fit": plain(self.fit.as_dict()),
            "search": plain(_search_table(self.searches, atoms)),
        }


def _spectrum_table(spectrum: Spectrum, atoms: Sequence[str]) -> dict[str, Any]:
    """Return lists by name, with the atom of each row by name."""
    return spectrum.as_dict() | {"atom": [atoms[number] for number in spectrum.atom.tolist()]}


def _search_table(searches: Sequence[ThresholdSearch], atoms: Sequence[str]) -> dict[str, Any]:
    """Return the searches of all atoms one after the other, with the atom of each place and onset by name."""
    found = [(atom, search.as_dict()) for atom, search in zip(atoms, searches, strict=True)]
    places = ("omega_eV", "delta_q", "delta_q_rest")
    return {
        "atoms": list(atoms),
        "onsets": [{"atom": atom} | onset for atom, table in found for onset in table["onsets"]],
        "atom": [atom for atom, table in found for _ in table["omega_eV"]],
        **{name: [value for _, table in found for value in table[name]] for name in places},
        "minimum_delta_q": max(table["minimum_delta_q"] for _, table in found),
    }


def analyse(data: Data, question: Question, *, n_toys: int = 0, seed: int = 1) -> Report:
    """Rebuild the spectrum, fit it and search it for thresholds.

    Raises
    ------
    ConfigError, FitError
        As `fit_data` does.
    """
    atom = data.atom_of(data.observation.exposure)
    return Report(
        spectrum=measured_spectrum(data.observation, atom),
        fit=fit_report(data, question, n_toys=n_toys, seed=seed),
        searches=tuple(
            search_thresholds(data.observation.take(np.flatnonzero(atom == number)))
            for number in range(len(data.atoms))
        ),
    )


def run_all(
    run: Run,
    folder: str | PathLike[str],
    *,
    workers: int = 1,
    force: bool = False,
    question: Question | None = None,
    progress: Progress | None = None,
) -> tuple[Generated, Report, list[Path]]:
    """Do the main job: ntuple, spectrum and fit as PNG and PDF, results.json, report.html.

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

    Returns
    -------
    tuple
        What was generated, what was found, and the files.

    Raises
    ------
    SchemaError
        If the folder cannot be written, or has these files already and `force` is not given.
    ConfigError
        If the run is blind: what it hides is what it would be fitted with.
    """
    if run.config.output.blind:
        raise ConfigError(
            "output.blind: hides what this fits with: use `renp-sim generate`, and `renp-sim fit --model RUN`"
        )
    question, folder = question or Question(), Path(folder)
    with report_folder(folder, inputs=[run.source], force=force):
        made = generate(run, folder / "events.root", workers=workers, force=force, progress=progress)
        report = analyse(read_data([made.path]), question)
        return made, report, [made.path, *write_report(report, folder)]


@contextmanager
def report_folder(folder: Path, *, inputs: Iterable[Path | None] = (), force: bool = False) -> Iterator[None]:
    """Make a folder for a report; if nothing gets into it, it is unmade.

    Raises
    ------
    SchemaError
        If it cannot be made, or if a file of the report is one of the inputs, or exists without `force`.
    """
    plots = [path for name in PLOTS for path in png_and_pdf(folder / name)]
    require_outputs([folder / RESULTS, folder / PAGE, *plots], inputs=inputs, force=force)
    with results_folder(folder):
        yield


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write plots, results.json and report.html into a folder, in place of any that are there.

    Returns
    -------
    list of Path
        The files.
    """
    figures = figures_of(report.spectrum, report.fit, report.searches)
    table = report.as_dict()
    # the page lays the figures out, and what is saved has that layout
    page = page_of(report.fit, figures, table)
    files = save_figures(figures, folder)
    # a plot of other data is none of this report
    for path in {path for name in PLOTS for path in png_and_pdf(folder / name)} - set(files):
        path.unlink(missing_ok=True)
    write_file(folder / RESULTS, (json.dumps(table, indent=1) + "\n").encode(), force=True)
    write_file(folder / PAGE, page, force=True)
    return [*files, folder / RESULTS, folder / PAGE]


def page_of_report(report: Report, found: Found) -> bytes:
    """Return the page of a report, with what lies beside its data."""
    return page_of(
        report.fit, figures_of(report.spectrum, report.fit, report.searches), report.as_dict(), found
    )


def spectrum_of_files(
    paths: Sequence[Path], folder: Path | None = None, *, force: bool = False
) -> tuple[dict[str, Any], list[Path]]:
    """Return what `spectrum --json` prints, and the plots if there is a folder for them.

    Raises
    ------
    SchemaError
        If a file cannot be read, or the folder cannot be written, or has these plots already and `force` is
        not given.
    ConfigError
        If the runs are of different physics: a line for each key.
    """
    tables = read_many([str(path) for path in paths])
    known = physics_of_runs(tables, "a spectrum is of one physics; give these runs apart")
    spectrum = measured_spectrum(observation_from_tables(tables), atom_of_steps(tables))
    atoms = atoms_of(tables)
    written: list[Path] = []
    if folder is not None:
        plots = png_and_pdf(folder / "spectrum")
        require_outputs(plots, inputs=tables.paths, force=force)
        with results_folder(folder):
            written += save(spectrum_plot(spectrum, atoms=atoms, title=title_of(tables)), *plots)
    notes = [*tables.notes, *mass_notes(known), *afterpulse_notes(detectors_of(tables))]
    return plain(_spectrum_table(spectrum, atoms)) | {"notes": notes}, written
