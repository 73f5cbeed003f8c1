"""`figures`: the published figures of GP23, as PNG, PDF and the numbers as CSV; here those of spectra.

GP23 prints the couplings of its Figure 1, left, but not the masses of the mediators: 3 keV gives what its
text says, a vector of 1.32–1.71 and a scalar of 3.3–1.6 × the Standard Model. Plots and tables tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from renp_sim.app.published_limits import (
    LIMIT_FIGURES,
    SETTING,
    write_limit_figure,
)
from renp_sim.app.rate_figure import curve_frequencies, named_thresholds_eV, threshold_windows
from renp_sim.app.table_and_plot import write_csv
from renp_sim.arrays import FloatArray
from renp_sim.outputs import require_outputs, results_folder
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import (
    ElectromagneticMoments,
    Interaction,
    ScalarMediator,
    StandardModel,
    VectorMediator,
)
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Neutrinos, Ordering, Oscillation
from renp_sim.physics.pairs import PAIRS
from renp_sim.physics.rates import Emission, spectral_function
from renp_sim.physics.target import Target
from renp_sim.plots.curves import Curve, curve_plot
from renp_sim.plots.figure import FORMATS, png_and_pdf, save

__all__ = ["MEDIATORS", "PublishedFigure", "mediator_figure", "moment_figure", "write_figures"]


MOMENT_MUB = 1e-11
"""The moment that the curves of Figure 2 are drawn for; they scale with its square."""

MEDIATORS: Mapping[str, Interaction] = {
    "vector": VectorMediator(mass_eV=3e3, g_electron=1e-8, g_left=CouplingMatrix.from_elements({"11": 1e-8})),
    "scalar": ScalarMediator(
        mass_eV=3e3, y_electron=1e-4, y_scalar=CouplingMatrix.from_elements({"11": 1e-5})
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedFigure:
    """The numbers of a figure.

    Parameters
    ----------
    name
        File name without suffix.
    says
        What is drawn, a line each, for the head of the table.
    title
        Above the plot.
    y_label
        Of the plot.
    omega_eV
        Frequencies, shape (n,).
    columns
        Dimensionless curves by the name of their column, shape (n,) each.
    labels
        What the legend calls them.
    """

    name: str
    says: tuple[str, ...]
    title: str
    y_label: str
    omega_eV: FloatArray
    columns: Mapping[str, FloatArray]
    labels: Mapping[str, str]


def mediator_figure() -> PublishedFigure:
    """Return GP23's Figure 1, left: I(ω) of the Standard Model, with a vector and with a scalar mediator."""
    omega = _frequencies()
    columns = {
        f"I_{name}": spectral_function(omega, _emission(interaction)).sum(axis=(-2, -1))
        for name, interaction in {"standard_model": StandardModel(), **MEDIATORS}.items()
    }
    vector, scalar = (
        "vector mediator, g^e g_L,11 = 1e-16 as printed, M = 3 keV, which is not",
        "scalar mediator, y^e y_S,11 = 1e-9 as printed, M = 3 keV, which is not",
    )
    return PublishedFigure(
        name="figure1_mediators",
        says=("spectral function I(omega), dimensionless, after Figure 1 (left) of GP23", vector, scalar),
        title="Yb, normal ordering, $m_1$ = 10 meV; GP23's couplings, M = 3 keV (not printed)",
        y_label=r"spectral function $I(\omega)$",
        omega_eV=omega,
        columns=columns,
        labels={
            "I_standard_model": "Standard Model",
            "I_vector": r"vector, $g^e g_{L,11} = 10^{-16}$",
            "I_scalar": r"scalar, $y^e y_{S,11} = 10^{-9}$",
        },
    )


def moment_figure(kind: str) -> PublishedFigure:
    """Return GP23's Figure 2, left or middle: I_M^ij or I_E^ij of a moment of 1e-11 μ_B, for each pair.

    Parameters
    ----------
    kind
        "magnetic" or "electric".
    """
    omega = _frequencies()
    # beside a whole Bohr magneton the weak current is 1e-20 of the rate, so nothing has to be subtracted
    every = CouplingMatrix.from_elements(dict.fromkeys(PAIRS, 1.0))
    moments = {f"{kind}_muB": every}
    spectrum = spectral_function(omega, _emission(ElectromagneticMoments(**moments))) * MOMENT_MUB**2
    letter, symbol = ("M", r"\mu") if kind == "magnetic" else ("E", r"\epsilon")
    return PublishedFigure(
        name=f"figure2_{kind}",
        says=(
            f"I_{letter}^ij(omega), dimensionless, of {kind} moments of 1e-11 mu_B, after Figure 2 of GP23",
            "one ordered pair (i, j); a hermitian off-diagonal moment also gives (j, i) the same",
            "scales with the square of the moment",
        ),
        title=f"Yb, normal ordering, $m_1$ = 10 meV; {kind} moments of $10^{{-11}}\\,\\mu_B$, ordered pairs",
        y_label=rf"$I_{letter}^{{ij}}(\omega)$ for $|{symbol}_{{ij}}| = 10^{{-11}}\,\mu_B$",
        omega_eV=omega,
        columns={f"I_{letter}_{pair}": spectrum[:, i, j] for pair, (i, j) in PAIRS.items()},
        labels={f"I_{letter}_{pair}": rf"$I_{letter}^{{{pair}}}$" for pair in PAIRS},
    )


def write_figures(
    folder: Path, *, force: bool = False, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write every figure into a folder, which is made if it is not there, and return the files.

    Parameters
    ----------
    folder
        Where to.
    force
        Replace existing files.
    progress
        Called after each figure with the figures that are written and all of them.

    Raises
    ------
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    made = [mediator_figure(), moment_figure("magnetic"), moment_figure("electric")]
    names = [*(figure.name for figure in made), *LIMIT_FIGURES]
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(names))

    files = [folder / f"{name}.{kind}" for name in names for kind in (*FORMATS, "csv")]
    require_outputs(files, force=force)
    with results_folder(folder):
        for figure in made:
            _draw(figure, folder)
            _write_csv(figure, folder / f"{figure.name}.csv")
            tell()
        for build in LIMIT_FIGURES.values():
            write_limit_figure(build(), folder)
            tell()
    return files


def _emission(interaction: Interaction) -> Emission:
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(GP23_LIGHTEST_MASS_EV, Oscillation.nufit(Ordering.NORMAL)),
        interaction=interaction,
    )


def _frequencies() -> FloatArray:
    standard = _emission(StandardModel())
    return curve_frequencies(threshold_windows(standard), list(named_thresholds_eV(standard).values()))


def _draw(figure: PublishedFigure, folder: Path) -> None:
    standard = _emission(StandardModel())
    curves = [
        Curve(label=figure.labels[name], omega_eV=figure.omega_eV, value=values)
        for name, values in figure.columns.items()
    ]
    drawn = curve_plot(
        curves,
        windows=threshold_windows(standard),
        y_label=figure.y_label,
        thresholds_eV=named_thresholds_eV(standard),
        title=figure.title,
    )
    save(drawn, *png_and_pdf(folder / figure.name))


def _write_csv(figure: PublishedFigure, path: Path) -> None:
    rows = np.column_stack([figure.omega_eV, *figure.columns.values()]).tolist()
    write_csv(path, (*figure.says, SETTING), ("omega_eV", *figure.columns), rows)
