"""Numbers of others and what the program gives: the table of `docs/validation.md`, made by running it.

`python -m tests.validation > docs/validation.md` writes the page; the tests run the same checks.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from renp_sim.analysis.infer.belts import Belts
from renp_sim.analysis.infer.feldman_cousins import feldman_cousins_limit
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.limit import limit_of
from renp_sim.app.optimise import Wish, optimised
from renp_sim.app.published_figures import mediator_figure
from renp_sim.app.question import Normalisation, Question
from renp_sim.app.rate_figure import named_thresholds_eV
from renp_sim.app.rates import rate_of_schedule
from renp_sim.app.separations import Asking
from renp_sim.app.subject import subject_of
from renp_sim.physics.rates import spectral_function
from renp_sim.runfile.run import Run, load, run_from_table
from tests.analysis.infer.counting import counting_setup

DAY_S = 86_400.0
REFERENCE = Path(__file__).parent / "reference"
EXPOSURES: Mapping[str, Any] = json.loads((REFERENCE / "exposure.json").read_text())
TEN_A_DAY = f"background=[{{name='dark', kind='dark_counts', rate_hz={10 / DAY_S!r}}}]"


class Status(StrEnum):
    """What became of a number."""

    REPRODUCED = "reproduced"
    CORRECTED = "corrected"
    NOT_REPRODUCED = "not reproduced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One number.

    Parameters
    ----------
    what, source
        What it is, and who says so.
    stated
        By them.
    found
        Computes it here.
    tolerance_rel
        How well the two are to agree, or, of what is not reproduced, to differ.
    status
        What is claimed.
    why
        What is corrected, or why it is not reproduced.
    digits
        That are shown.
    """

    what: str
    source: str
    stated: float
    found: Callable[[], float]
    tolerance_rel: float
    status: Status = Status.REPRODUCED
    why: str = ""
    digits: int = 4

    def agrees(self, found: float) -> bool:
        """Return whether what is claimed is so."""
        is_near = abs(found - self.stated) <= self.tolerance_rel * abs(self.stated)
        return is_near is not (self.status is Status.NOT_REPRODUCED)


def _counts(ordering: str, omega_eV: float) -> float:
    run = load("gp23_three_frequencies", (f"neutrino.ordering='{ordering}'", *_one(omega_eV, 2.3)))
    return float(rate_of_schedule(run).expected_counts[0])


def _one(omega_eV: float, days: float) -> tuple[str, ...]:
    return (f"laser.scan=[{{omegas_eV=[{omega_eV}], total_duration_s={days * DAY_S!r}}}]",)


@cache
def _worst_row() -> float:
    """Return the largest relative difference from the table of spectra."""
    rows = [json.loads(line) for line in (REFERENCE / "spectra.jsonl").read_text().splitlines()]
    return max(abs(_spectrum(row) / float(row["spectral_function"]) - 1) for row in rows if _is_open(row))


def _is_open(row: Mapping[str, Any]) -> bool:
    return float(row["spectral_function"]) > 0


def _spectrum(row: Mapping[str, Any]) -> float:
    steps = [{"omega_eV": row["omega_eV"], "duration_s": 1.0}]
    run = run_from_table({**row["config"], "run": {"seed": 1}, "laser": {"steps": steps}})
    return float(np.sum(spectral_function(row["omega_eV"], run.emission)))


def _massless() -> float:
    """Return I(1.07 eV) over (3E² − 6Eω + ω²)/(12 (E_vg − ω)²), all masses as good as 0."""
    run = load("gp23_three_frequencies", ("neutrino.lightest_mass_eV=", "neutrino.masses_eV=[0,1e-9,2e-9]"))
    atom, omega = run.emission.target.atom, 1.07
    e, v = atom.e_eg_eV, atom.e_vg_eV
    return float(np.sum(spectral_function(omega, run.emission))) / (
        (3 * e**2 - 6 * e * omega + omega**2) / (12 * (v - omega) ** 2)
    )


def _effect(column: str, omega_eV: float) -> float:
    figure = mediator_figure()
    standard = figure.columns["I_standard_model"]
    ratio = figure.columns[column] / np.where(standard > 0, standard, 1)
    return float(np.interp(omega_eV, figure.omega_eV, ratio))


def _limit(model: str, parameter: str, *settings: str) -> float:
    """Return the upper end of the expected 90 % limit of an Asimov set."""
    asked = ("gp23_three_frequencies",)
    subject = subject_of([Path(name) for name in asked], settings=[f"interaction.model={model}", *settings])
    return float(limit_of(subject, Question(), f"interaction.{parameter}", level=0.9).limit.upper or np.nan)


def _moment(parameter: str, days: float) -> float:
    omegas = [1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
    scan = f"laser.scan=[{{omegas_eV={omegas}, total_duration_s={7 * days * DAY_S!r}}}]"
    return _limit("em_moments", parameter, scan) / 1e-11


def _upper(background: float, n: int) -> float:
    setup = counting_setup(1.0, background)
    belts = Belts.open(None, setup, "normalisation", seed=0, n_toys=0)
    found = feldman_cousins_limit(setup, np.array([float(n)]), "normalisation", 0.9, belts)
    return float(found.upper or np.nan)


def _days(row: Mapping[str, Any]) -> float:
    more = [f"laser.scan=[{{omegas_eV=[1.0688, 1.0699, 1.0711], total_duration_s={3 * DAY_S!r}}}]"]
    if row["background_per_day"]:
        more.append(TEN_A_DAY)
    run = load("gp23_three_frequencies", (f"neutrino.ordering='{row['truth']}'", *more))
    question = Question(normalisation=Normalisation(row["normalisation"]))
    (found,) = exposure_needed(run, question, "ordering").results
    return float(found.factor or np.nan)


def _optimal_days(asked: str) -> float:
    run: Run = load("gp23_three_frequencies", (TEN_A_DAY,))
    asking = Asking(question=Question(), asked=asked, significance=3.0)
    return optimised(run, asking, Wish()).live_time_s / DAY_S


def checks() -> Iterator[Check]:
    """Yield every number that is compared."""
    own = "an independent program, 17 digits"
    for pair, stated in {"11": 1.071651694, "13": 1.070875349, "33": 1.069312518}.items():
        yield Check(
            what=f"threshold ω_{pair}, Yb, normal, 10 meV (eV)",
            source=own,
            stated=stated,
            found=lambda pair=pair: named_thresholds_eV(load("gp23_three_frequencies").emission)[pair],
            tolerance_rel=1e-9,
            digits=10,
        )
    for omega, normal, inverted in ((1.0688, 25.03, 21.50), (1.0699, 19.47, 9.96), (1.0711, 17.82, 8.58)):
        for ordering, stated in (("normal", normal), ("inverted", inverted)):
            yield Check(
                what=f"events at {omega} eV in 2.3 d, {ordering}",
                source=own,
                stated=stated,
                found=lambda ordering=ordering, omega=omega: _counts(ordering, omega),
                tolerance_rel=6e-4,
            )
    yield Check(
        what="I(1.07 eV) of massless neutrinos over its closed form",
        source="limit of Eq. 4 of GP23",
        stated=1.0,
        found=_massless,
        tolerance_rel=1e-9,
        status=Status.CORRECTED,
        why="Θ(ω − ω_max) is printed in Eqs. 4, 8, 11, 14; open is below",
    )
    yield Check(
        what="largest relative difference + 1 from 160 spectra of all interactions",
        source=own,
        stated=1.0,
        found=lambda: 1 + _worst_row(),
        tolerance_rel=1e-9,
        status=Status.CORRECTED,
        why="Eqs. 2, 7, 8, 10, 12, 14 of GP23, as the physics page says",
    )
    figure = "GP23, text on Figure 1 left"
    for column, omega, stated in (
        ("I_vector", 1.0688, 1.32),
        ("I_vector", 1.0716, 1.71),
        ("I_scalar", 1.0688, 3.3),
        ("I_scalar", 1.0711, 1.6),
    ):
        yield Check(
            what=f"{column.removeprefix('I_')} mediator over Standard Model at {omega} eV",
            source=figure,
            stated=stated,
            found=lambda column=column, omega=omega: _effect(column, omega),
            tolerance_rel=2e-2,
            why="M = 3 keV, which is not printed",
        )
    for model, coupling, parameter, mass, stated in (
        ("vector_mediator", "g_electron", "g_left.11", "1", 9.4e-24),
        ("vector_mediator", "g_electron", "g_left.11", "1e4", 9.5e-16),
        ("scalar_mediator", "y_electron", "y_scalar.11", "1", 3.86e-17),
        ("scalar_mediator", "y_electron", "y_scalar.11", "1e4", 3.9e-9),
    ):
        settings = (f"interaction.mass_eV={mass}", f"interaction.{coupling}=1")
        yield Check(
            what=f"90 % limit on {coupling} {parameter}, mediator of {mass} eV",
            source=own,
            stated=stated,
            found=lambda model=model, parameter=parameter, s=settings: _limit(model, parameter, *s),
            tolerance_rel=1e-2,
        )
    for parameter, days, stated in (
        ("magnetic_muB.11", 10, 1.78),
        ("magnetic_muB.33", 10, 3.46),
        ("electric_muB.11", 10, 2.93),
        ("magnetic_muB.12", 100, 0.952),
        ("magnetic_muB.11", 1000, 0.520),
    ):
        yield Check(
            what=f"90 % limit on {parameter}, seven frequencies of {days} d (1e-11 μ_B)",
            source=own,
            stated=stated,
            found=lambda parameter=parameter, days=days: _moment(parameter, days),
            tolerance_rel=1e-2,
        )
    for background, n, stated in ((0.0, 0, 2.44), (0.0, 5, 9.99), (3.0, 5, 6.99), (3.0, 10, 13.50)):
        yield Check(
            what=f"upper end, 90 %, {n} counts over {background:g}",
            source="Feldman & Cousins, Table IV",
            stated=stated,
            found=lambda background=background, n=n: _upper(background, n),
            tolerance_rel=2.1e-3,
        )
    yield Check(
        what="upper end, 90 %, 0 counts over 3",
        source="Feldman & Cousins, Table IV",
        stated=1.08,
        found=lambda: _upper(3.0, 0),
        tolerance_rel=5e-2,
        status=Status.NOT_REPRODUCED,
        why="they force ends to rise as the background falls; the construction itself gives 0.95",
    )
    for row in EXPOSURES["ordering_asimov"][::3]:
        yield Check(
            what=f"days a frequency for 3σ, {row['truth']}, {row['background_per_day']:g} counts a day, "
            f"normalisation {row['normalisation']}",
            source="an independent program",
            stated=row["days_per_frequency"],
            found=lambda row=row: _days(row),
            tolerance_rel=2e-2,
        )
    for asked, key in (
        ("ordering", "optimal_ordering"),
        ("lightest_mass_eV=0", "optimal_lightest_mass_against_zero"),
    ):
        yield Check(
            what=f"days of the best schedule, {asked}, 10 counts a day",
            source="an independent program",
            stated=EXPOSURES[key][0]["days"],
            found=lambda asked=asked: _optimal_days(asked),
            tolerance_rel=1e-2,
        )


HEAD = """\
# Validation

Made by `python -m tests.validation > docs/validation.md`; the tests run the same checks and hold this page to
them. *Corrected* is what follows from a printed formula with its mistake mended.

| what | who says so | stated | here | status | note |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page; numbers to a few digits, so that it does not depend on the machine.

    Raises
    ------
    AssertionError
        If a status is not true.
    """
    lines = []
    for check in checks():
        found = check.found()
        if not check.agrees(found):
            raise AssertionError(f"{check.what}: {found!r}, stated {check.stated!r}: not {check.status}")
        stated, here = (f"{number:.{check.digits}g}" for number in (check.stated, found))
        lines.append(
            f"| {check.what} | {check.source} | {stated} | {here} | {check.status.value} | {check.why} |\n"
        )
    return HEAD + "".join(lines)


if __name__ == "__main__":
    print(page(), end="")
