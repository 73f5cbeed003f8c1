"""Runs of several atoms: each is searched, drawn and named for itself."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.analysis.spectrum.thresholds import search_thresholds
from renp_sim.app.data import Data, read_data
from renp_sim.app.one_physics import atoms_of
from renp_sim.app.question import Question
from renp_sim.app.report import Report, analyse, spectrum_of_files
from renp_sim.app.report_figures import figures_of, fit_curves
from renp_sim.cli.program import run_program
from renp_sim.cli.summary import print_search
from renp_sim.ntuple.reader import read_many
from renp_sim.physics.neutrino import Ordering
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load

OTHER = "target.atom={name='X', e_eg_eV=2.6, e_vg_eV=2.9, gamma_ref_hz=2e-3}"
QUESTION = Question(orderings=(Ordering.NORMAL,))


def file(folder: Path, name: str, omega_eV: np.ndarray, *settings: str, time_s: float = 3e6) -> Path:
    omegas = ", ".join(f"{omega:.9g}" for omega in omega_eV)
    scan = f"laser.scan=[{{omegas_eV=[{omegas}], total_duration_s={time_s * len(omega_eV)!r}}}]"
    return generate(load("gp23_three_frequencies", (scan, *settings)), folder / f"{name}.root").path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """Far below all thresholds, where both spectra are smooth; X has steps in the lower half only."""
    folder = tmp_path_factory.mktemp("atoms")
    omega_eV = np.linspace(1.02, 1.05, 40)
    return read_data([file(folder, "yb", omega_eV), file(folder, "x", omega_eV[:20], OTHER, "run.seed=2")])


@pytest.fixture(scope="module")
def report(data: Data) -> Report:
    return analyse(data, QUESTION)


def test_no_onset_stands_where_the_steps_of_an_atom_end(
    data: Data, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    """False alarms of two smooth scans are 1 %; put together, as it was, X ends like an onset at 1.035 eV."""
    assert data.atoms == ("Yb", "X")
    assert [len(search.onsets) for search in report.searches] == [0, 0]
    assert [len(np.unique(search.omega_eV)) for search in report.searches] == [75, 35]
    (onset,) = search_thresholds(data.observation).onsets
    assert abs(onset.position_eV - 1.035) < 0.002
    table = report.as_dict()["search"]
    assert table["atom"] == ["Yb"] * 75 + ["X"] * 35
    onset_table = {"atom": "X", "position_eV": 1.0, "intervals_eV": [[0.9, 1.1]], "delta_q": 20.0}
    print_search(table | {"onsets": [onset_table]})
    assert "1.0000000 eV [0.9000000, 1.1000000] in X, local" in capsys.readouterr().out


def test_each_atom_has_its_panels_with_its_own_thresholds_and_pulls(report: Report) -> None:
    """The false-alarm probability of a pull of five in 60 is 4e-5; the twin draws them with each other's."""
    drawn = figures_of(report.spectrum, report.fit, report.searches)
    (label, other), pulls = _lowest(drawn["spectrum"])
    assert (label[-4:], other[-3:]) == (", Yb", ", X")
    assert [len(each) for each in pulls] == [40, 20]
    assert max(float(np.max(np.abs(each))) for each in pulls) < 5
    labels = [axes.get_xlabel() for axes in drawn["thresholds"].axes]
    assert labels == [label, other]
    mixed = measured_spectrum(report.fit.data.observation)
    (curve, _) = fit_curves(report.fit)
    at_shared = np.isin(curve.omega_eV, mixed.omega_eV[:20])
    expected = curve.value[at_shared] * mixed.counts_per_unit[:20]
    assert np.max(np.abs(mixed.counts[:20] - expected) / np.sqrt(expected)) > 6
    assert report.fit.atom_of_thresholds == "Yb"


def _lowest(figure):
    rows = np.array(figure.axes).reshape(3, -1)
    lines = [next(line for line in axes.lines if len(line.get_xdata()) > 2) for axes in rows[2]]
    return [axes.get_xlabel() for axes in rows[2]], [np.asarray(line.get_ydata()) for line in lines]


def test_targets_of_one_atom_are_one_unless_their_spectra_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Densities are in the exposure: counts and exposures add up. Spin tensors change the spectrum itself."""
    omega_eV, short = np.linspace(1.069, 1.071, 3), {"time_s": 1e5}
    yb = file(tmp_path, "yb", omega_eV, **short)
    dense = file(tmp_path, "dense", omega_eV, "target.volume_cm3=400.0", "run.seed=2", **short)
    tilted = file(tmp_path, "tilted", omega_eV, "target.spin_tensor=transverse", "run.seed=3", **short)
    both, one, other = (read_many([str(path) for path in paths]) for paths in ([yb, dense], [yb], [dense]))
    assert atoms_of(both) == ("Yb",)
    table, apart = (spectrum_of_files(paths)[0] for paths in ([yb, dense], [yb]))
    assert len(table["value"]) == 3
    assert table["counts_per_unit"] == pytest.approx([5 * unit for unit in apart["counts_per_unit"]])
    assert sum(table["counts"]) == one.steps["n_recorded"].sum() + other.steps["n_recorded"].sum()
    assert len(fit_curves(analyse(read_data([yb, dense]), QUESTION).fit)) == 1
    different = read_many([str(yb), str(tilted)])
    assert atoms_of(different) == ("Yb, f_L = 0", "Yb, f_L = 0.3333")
    assert run_program(["spectrum", str(yb), str(tilted)]) == 0
    out = capsys.readouterr().out
    assert out.count("Yb, f_L = 0 ") == out.count("Yb, f_L = 0.3333") == 3
    assert run_program(["spectrum", str(yb)]) == 0
    assert "Yb" not in capsys.readouterr().out


def test_atoms_without_a_name_of_their_own_are_told_apart(tmp_path: Path) -> None:
    omega_eV = np.linspace(1.069, 1.071, 3)
    levels = "target.atom={{name='Yb', e_eg_eV={}, e_vg_eV=2.5, gamma_ref_hz=2e-3}}"
    paths = [
        str(file(tmp_path, f"{k}", omega_eV, levels.format(e_eg_eV), f"run.seed={k + 1}", time_s=1e3))
        for k, e_eg_eV in enumerate((2.2, 2.3))
    ]
    tables = read_many(paths)
    assert [name.rpartition(", ")[2] for name in atoms_of(tables)] == ["E_eg = 2.2 eV", "E_eg = 2.3 eV"]
