"""The plots of a report: spectrum with fits, profile of the mass, threshold search, photon energies."""

from pathlib import Path

import numpy as np

from renp_sim.analysis.infer.fit import FitResult, ModelFit
from renp_sim.analysis.spectrum.measured import Spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch
from renp_sim.app.fitting import Data
from renp_sim.app.question import Question
from renp_sim.app.thresholds import fitted_neutrinos, mass_profile, thresholds_of
from renp_sim.arrays import FloatArray
from renp_sim.ntuple.reader import iterate_events
from renp_sim.ntuple.schema import Origin
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.plots.curves import Curve
from renp_sim.plots.energies import energy_plot
from renp_sim.plots.figure import png_and_pdf, save
from renp_sim.plots.onsets import threshold_plot
from renp_sim.plots.profile import DrawnProfile, profile_plot
from renp_sim.plots.spectrum import spectrum_plot

__all__ = ["PLOTS", "draw", "energy_bins", "fit_curves", "mass_profiles"]

PLOTS = ("spectrum", "thresholds", "energies", "lightest_mass")
"""What is drawn, if there is something to draw, each as PNG and PDF."""

CURVE_POINTS = 1500
MOST_ENERGY_BINS = 80
PROFILE_POINTS = 161
PROFILE_REACH = 3.0
"""Widths of the interval to either side of it."""

DRAWN_DELTA_Q = 1000.0
"""A hypothesis further off than this would only press the others' curves flat."""


def draw(
    data: Data,
    question: Question,
    spectrum: Spectrum,
    fit: FitResult,
    search: ThresholdSearch,
    folder: Path,
) -> list[Path]:
    """Write every plot as PNG and PDF and return the files."""
    thresholds = {
        pair: row["value"] for pair, row in thresholds_of(data, question, fit.best, with_sums=False).items()
    }
    title = "run " + ", ".join(str(run) for run in data.tables.runs["run"].tolist()[:3])
    curves = fit_curves(data, fit)
    made = {
        "spectrum": spectrum_plot(spectrum, curves=curves, thresholds_eV=thresholds, title=title),
        "thresholds": threshold_plot(search, thresholds_eV=thresholds, title=title),
        "energies": energy_plot(*_energies(data), title=title),
    }
    profiles = mass_profiles(data, question, fit)
    if profiles:
        made["lightest_mass"] = profile_plot(profiles, title=title)
    return [path for name, drawn in made.items() for path in save(drawn, *png_and_pdf(folder / name))]


def fit_curves(data: Data, fit: FitResult) -> list[Curve]:
    """Return Î(ω) of the fits that are not hopeless, one curve a target over its own frequencies."""
    targets: dict[Target, list[int]] = {}
    for run, target in data.targets.items():
        targets.setdefault(target, []).append(run)
    curves = []
    for target, runs in targets.items():
        name = f" {target.atom.name}" if len({t.atom for t in targets}) > 1 else ""
        omega, width = _drawn_frequencies(data, target, runs)
        for fitted in _worth_drawing(fit):
            value = _spectrum(data, fitted, target, omega, width)
            curves.append(Curve(label=fitted.label + name, omega_eV=omega, value=value))
    return curves


def _drawn_frequencies(data: Data, target: Target, runs: list[int]) -> tuple[FloatArray, float]:
    """Return frequencies around the steps of some runs, and the width of the laser line there."""
    exposure = data.observation.exposure
    here = np.isin(exposure.run, runs)
    measured = np.unique(exposure.omega_eV[here])
    width = float(np.median(exposure.linewidth_eV[here]))
    margin = 0.02 * (measured[-1] - measured[0])
    # dense where the steps are, and even over the whole
    positions = np.linspace(0, len(measured) - 1, CURVE_POINTS)
    omega = np.union1d(
        np.interp(positions, np.arange(len(measured)), measured),
        np.linspace(measured[0] - margin, measured[-1] + margin, CURVE_POINTS),
    )
    reach = LINE_REACH * width
    return omega[(omega > reach) & (omega < target.atom.e_eg_eV - reach)], width


def _worth_drawing(fit: FitResult) -> list[ModelFit]:
    return [fitted for fitted in fit.fits if fit.delta_q[fitted.label] < DRAWN_DELTA_Q]


def _spectrum(
    data: Data, fitted: ModelFit, target: Target, omega_eV: FloatArray, linewidth_eV: float
) -> FloatArray:
    neutrinos = fitted_neutrinos(data, fitted)
    made = Emission(target=target, neutrinos=neutrinos, interaction=data.setup.emission.interaction)
    scale = next((p.value for p in fitted.parameters if p.name == "normalisation"), 1.0)
    return np.asarray(scale * mean_spectral_function(omega_eV, linewidth_eV, made).sum(axis=(-2, -1)))


def mass_profiles(data: Data, question: Question, fit: FitResult) -> list[DrawnProfile]:
    """Return Δ(−2 ln L) over the lightest mass, some intervals to either side, above the common minimum."""
    lowest = fit.best.minus_two_ln_L
    curves = []
    for fitted in _worth_drawing(fit):
        mass = next((p for p in fitted.parameters if p.name == "lightest_mass_eV"), None)
        if mass is None or mass.intervals is None:
            continue
        regions = mass.intervals.regions
        low, high = regions[0].lower, regions[-1].upper
        reach = PROFILE_REACH * max(high - low, 1e-6)
        # an open end is the bound of the mass
        top = high if regions[-1].upper_open else high + reach
        points = np.linspace(max(0.0, low - reach), top, PROFILE_POINTS)
        kinks, points, q = mass_profile(data, question, fitted, points)
        curves.append(
            DrawnProfile(label=fitted.label, values=points, delta_q=q - lowest, regions=regions, kinks=kinks)
        )
    return curves


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
