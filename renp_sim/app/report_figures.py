"""The plots of a report: spectrum with fits, profile of the mass, threshold search, photon energies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.infer.fit import FitResult, ModelFit
from renp_sim.analysis.intervals import Intervals
from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.app.data import Data
from renp_sim.app.fitting import model_fitted
from renp_sim.app.hypothesis import MASS_NAMES, Masses
from renp_sim.app.one_physics import atom_of_runs
from renp_sim.app.page.words import title_of
from renp_sim.app.thresholds import FitReport, best_thresholds_eV
from renp_sim.arrays import BoolArray, FloatArray
from renp_sim.ntuple.reader import iterate_events
from renp_sim.ntuple.schema import Origin
from renp_sim.physics.line import LINE_REACH
from renp_sim.physics.target import Target
from renp_sim.plots.curves import Curve
from renp_sim.plots.energies import energy_plot
from renp_sim.plots.figure import png_and_pdf, save
from renp_sim.plots.onsets import threshold_plot
from renp_sim.plots.profile import DrawnProfile, profile_plot
from renp_sim.plots.spectrum import spectrum_plot
from renp_sim.prediction.drawn_spectrum import drawn_spectrum
from renp_sim.prediction.parameters import FREE_OFFSET_EV

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["PLOTS", "energy_bins", "figures_of", "fit_curves", "mass_profiles", "save_figures"]

PLOTS = ("spectrum", "thresholds", "energies", "lightest_mass")
"""What is drawn, if there is something to draw, each as PNG and PDF."""

CURVE_POINTS = 1500
MOST_ENERGY_BINS = 80
PROFILE_POINTS = 161
PROFILE_REACH = 3.0
"""Widths of the interval to either side of it."""

DRAWN_DELTA_Q = 1000.0
"""A hypothesis further off than this would only press the others' curves flat."""


def figures_of(
    spectrum: Spectrum, fit: FitReport, searches: Sequence[ThresholdSearch]
) -> dict[str, "Figure"]:
    """Return every plot that has something to show by its name in `PLOTS`."""
    data = fit.data
    title, atoms = title_of(data.tables), data.atoms
    thresholds = [
        best_thresholds_eV(fit.result.best, target.atom.e_eg_eV) for target in _target_of_atoms(data)
    ]
    on_axes: dict[str, Any] = {"thresholds_eV": thresholds, "atoms": atoms, "title": title}
    made = {
        "spectrum": spectrum_plot(spectrum, curves=fit_curves(fit), **on_axes),
        "energies": energy_plot(*_energies(data), title=title),
    }
    if any(len(search.omega_eV) for search in searches):
        made["thresholds"] = threshold_plot(searches, **on_axes)
    profiles = mass_profiles(fit)
    if profiles:
        made["lightest_mass"] = profile_plot(profiles, title=title)
    return made


def save_figures(made: "Mapping[str, Figure]", folder: Path) -> list[Path]:
    """Write every plot as PNG and PDF and return the files."""
    return [path for name, drawn in made.items() for path in save(drawn, *png_and_pdf(folder / name))]


def fit_curves(fit: FitReport) -> list[Curve]:
    """Return what each fit that is not hopeless expects of the data points, one curve an atom."""
    data = fit.data
    exposure, atom = data.observation.exposure, data.atom_of(data.observation.exposure)
    curves = []
    for number, target in enumerate(_target_of_atoms(data)):
        chosen = (atom == number) & (exposure.counts_per_unit > 0)
        if not np.any(chosen):
            continue
        omega_eV = _drawn_frequencies(exposure, chosen, target)
        for fitted in _worth_drawing(fit.result):
            of_steps = model_fitted(fitted).at(exposure)
            value = drawn_spectrum(of_steps, fitted.setup.theta, omega_eV, chosen)
            curves.append(Curve(label=fitted.label, omega_eV=omega_eV, value=value, atom=number))
    return curves


def _target_of_atoms(data: Data) -> list[Target]:
    """Return the target of the first run of each atom, by its number."""
    of_run = atom_of_runs(data.tables)
    first = {number: run for run, number in reversed(of_run.items())}
    return [data.targets[first[number]] for number in range(len(data.atoms))]


def _drawn_frequencies(exposure: Exposure, chosen: BoolArray, target: Target) -> FloatArray:
    """Return frequencies on and around some steps, those of the steps among them."""
    measured = np.unique(exposure.omega_eV[chosen])
    margin = 0.02 * (measured[-1] - measured[0])
    # the whole line, wherever it really was, must lie inside of what the atom can emit
    reach = 2 * FREE_OFFSET_EV + LINE_REACH * float(np.max(exposure.linewidth_eV[chosen]))
    around = np.linspace(measured[0] - margin, measured[-1] + margin, CURVE_POINTS)
    around = around[(around > reach) & (around < target.atom.e_eg_eV - reach)]
    # dense where the steps are, and even over the whole
    positions = np.linspace(0, len(measured) - 1, CURVE_POINTS)
    between = np.interp(positions, np.arange(len(measured)), measured)
    return np.union1d(measured, [*between, *around])


def _worth_drawing(fit: FitResult) -> list[ModelFit]:
    return [fitted for fitted in fit.fits if fit.delta_q[fitted.label] < DRAWN_DELTA_Q]


def mass_profiles(fit: FitReport) -> list[DrawnProfile]:
    """Return Δ(−2 ln L) over the lightest mass, above the common minimum: the profile of its interval.

    It is drawn some intervals to either side, with more of its points where they are far apart.
    """
    (name,) = MASS_NAMES[Masses.LIGHTEST]
    curves = []
    for fitted in _worth_drawing(fit.result):
        mass = next((p for p in fitted.parameters if p.name == name), None)
        regions = mass.intervals.regions if mass is not None and mass.intervals is not None else ()
        if mass is None or mass.intervals is None or not regions:
            continue
        low, high = regions[0].lower, regions[-1].upper
        reach = PROFILE_REACH * max(high - low, 1e-6)
        # an open end is the bound of the mass
        low, high = max(0.0, low - reach), high if regions[-1].upper_open else high + reach
        values, delta_q = _denser(fitted, name, mass.intervals, np.linspace(low, high, PROFILE_POINTS))
        kinks = fitted.setup.model.kinks(name, fitted.setup.theta, low, high)
        curves.append(
            DrawnProfile(
                label=fitted.label,
                values=values,
                delta_q=delta_q + fit.result.delta_q[fitted.label],
                regions=regions,
                kinks=kinks,
            )
        )
    return curves


def _denser(
    fitted: ModelFit, name: str, known: Intervals, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the profile of an interval in the range of some points, and at those far from its own."""
    inside = (known.values >= points[0]) & (known.values <= points[-1])
    values, delta_q = known.values[inside], known.profile[inside]
    wide = np.append(values, np.inf)[np.searchsorted(values, points)] - points > points[1] - points[0]
    wide[[0, -1]] = True
    new = np.setdiff1d(points[wide], values)
    every = np.concatenate([values, new])
    order = np.argsort(every)
    return every[order], np.concatenate([delta_q, fitted.curve.delta_q(name, new)])[order]


def energy_bins(low_eV: float, high_eV: float) -> FloatArray:
    """Return edges of bins of a round width that hold all energies, shape (b + 1,).

    Examples
    --------
    >>> np.round(energy_bins(1.0003, 1.0201)[[0, 1, -1]], 9).tolist()
    [1.0, 1.0005, 1.0205]
    """
    if not low_eV < high_eV:
        # no photon, or all of one energy
        low_eV, high_eV = (low_eV - 0.01, low_eV + 0.01) if np.isfinite(low_eV) else (0.0, 10.0)
    least = (high_eV - low_eV) / (MOST_ENERGY_BINS - 1)
    decade = 10.0 ** np.floor(np.log10(least))
    width = decade * next(step for step in (1, 2, 5, 10) if step * decade >= least)
    first, last = np.floor(low_eV / width), np.floor(high_eV / width) + 1
    return np.asarray(width * np.arange(first, last + 1))


def _energies(data: Data) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return bins around the recorded photons, and their counts by what made them."""
    files = [str(path) for path in data.tables.paths]
    names = ["photon_energy_eV", "origin", "recorded"]
    low, high = np.inf, -np.inf
    for block in iterate_events(files, names):
        seen = block["photon_energy_eV"][block["recorded"]]
        low, high = min(low, float(seen.min(initial=np.inf))), max(high, float(seen.max(initial=-np.inf)))
    edges = energy_bins(low, high)
    counts: dict[str, FloatArray] = {}
    for block in iterate_events(files, names):
        for origin in np.unique(block["origin"]).tolist():
            chosen = block["recorded"] & (block["origin"] == origin)
            found = np.histogram(block["photon_energy_eV"][chosen], edges)[0].astype(np.float64)
            label = Origin(origin).name.lower()
            counts[label] = counts.get(label, np.zeros(len(edges) - 1)) + found
    return edges, counts or {"no photon": np.zeros(len(edges) - 1)}
