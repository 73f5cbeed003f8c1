"""The spectrum with the fit, what it leaves, and every step in a table."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.likelihood.poisson import poisson_pull
from renp_sim.app.fitting import model_fitted
from renp_sim.app.page.figures import drawing
from renp_sim.app.page.parts import Block, Links, Section, Table, csv_link
from renp_sim.app.page.schedule import KINDS
from renp_sim.app.page.words import duration, number
from renp_sim.app.thresholds import FitReport
from renp_sim.arrays import FloatArray
from renp_sim.laser.schedule import StepKind
from renp_sim.plots.pulls import count_pulls_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["expected_background", "spectrum_section"]


def expected_background(fit: FitReport) -> FloatArray:
    """Return what the best fit expects of each fitted row without a signal, counts, shape (n,)."""
    best = fit.result.best
    exposure = fit.data.fitted.exposure
    without = model_fitted(best).at(replace(exposure, coherence=np.zeros(exposure.n_steps)))
    return np.asarray(without.expected(best.setup.theta))


def spectrum_section(fit: FitReport, drawn: "Figure", onsets: "Figure | None", energies: "Figure") -> Section:
    """Return the section.

    Parameters
    ----------
    fit
        What was fitted.
    drawn, onsets, energies
        Its figures: the spectrum with the fits, the search for onsets, and the energies of the photons.
    """
    rows, best = fit.data.fitted, fit.result.best
    exposure, counts = rows.exposure, np.asarray(rows.counts)
    background = expected_background(fit)
    pull = poisson_pull(counts, best.expected)
    is_signal = exposure.kind == StepKind.SIGNAL
    label = best.label
    blocks: list[Block] = [
        drawing(
            drawn,
            key="spectrum",
            label=f"Measured spectral function with statistical errors over the trigger frequency, fits of "
            f"{', '.join(f.label for f in fit.result.fits)} over it, the counts and their pulls below",
            caption="Î(ω) = (counts − stated background)/(counts of Î = 1), with central 68.3 % Poisson "
            "errors; below the counts, and their pulls from each fit. Lines are fits, dashes the thresholds "
            "of the best one.",
        ),
        drawing(
            count_pulls_plot(
                exposure.omega_eV,
                pull,
                is_signal,
                atom=fit.data.atom_of(exposure),
                atoms=fit.data.atoms,
            ),
            key="pulls",
            label=f"Pulls of {len(pull)} counts from the fit of {label}: the largest is "
            f"{number(float(np.max(np.abs(pull), initial=0.0)), 3)}",
            caption=f"Pulls from {label}: signed roots of the terms of −2 ln L, with bands of one and two.",
        ),
        _step_table(fit, background, pull),
        Links(files=[_csv(fit, background, pull)]),
        drawing(
            energies,
            key="energies",
            label="Histogram of the energies of the recorded photons",
            caption="Energies of the recorded photons, by what made them where the file says so.",
        ),
    ]
    if onsets is not None:
        blocks.append(
            drawing(
                onsets,
                key="onsets",
                label="Scan for onsets without neutrino physics: Δ(−2 ln L) of one onset at each frequency",
                caption="Search for thresholds that knows no neutrino physics: what one onset at each place "
                "would explain, and what is left with all that were found.",
            )
        )
    return Section(key="spectrum", title="Spectrum and steps", blocks=tuple(blocks))


HEAD = ("run", "step", "for", "ω (eV)", "live time", "counted", "expected", "of it signal", "pull")


def _step_table(fit: FitReport, background: FloatArray, pull: FloatArray) -> Table:
    e, counts, expected = fit.data.fitted.exposure, fit.data.fitted.counts, fit.result.best.expected
    head = (*HEAD[:4], "photon energy (eV)", *HEAD[4:]) if e.is_split else HEAD
    runs = e.run.tolist()
    rows = []
    for i in range(e.n_steps):
        energy = (
            (f"{e.energy_low_eV[i]:.6g} – {number(float(e.energy_high_eV[i]), 6)}",) if e.is_split else ()
        )
        rows.append(
            (
                str(runs[i]),
                str(int(e.step[i])),
                KINDS[StepKind(int(e.kind[i]))],
                f"{e.omega_eV[i]:.9g}",
                *energy,
                duration(float(e.live_time_s[i])),
                f"{counts[i]:.0f}",
                number(float(expected[i]), 4),
                number(float(expected[i] - background[i]), 4),
                f"{pull[i]:+.2f}".replace("-", "−"),
            )
        )
    return Table(caption=f"Steps, expected by {fit.result.best.label}", head=head, rows=rows)


def _csv(fit: FitReport, background: FloatArray, pull: FloatArray) -> tuple[str, str, bytes]:
    e = fit.data.fitted.exposure
    columns: dict[str, NDArray[Any]] = {
        "run": e.run,
        "step": e.step,
        "kind": e.kind,
        "omega_eV": e.omega_eV,
        "energy_low_eV": e.energy_low_eV,
        "energy_high_eV": e.energy_high_eV,
        "live_time_s": e.live_time_s,
        "counts": np.asarray(fit.data.fitted.counts, dtype=float),
        "expected_counts": fit.result.best.expected,
        "expected_background": background,
        "pull": pull,
    }
    rows = list(zip(*(values.tolist() for values in columns.values()), strict=True))
    return csv_link("steps.csv", list(columns), rows)
