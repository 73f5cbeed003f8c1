"""`rate --plot` and `figures`: the files that are written, and the numbers in them."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from renp_sim.app import published_figures as figures_module
from renp_sim.app.published_figures import mediator_figure, moment_figure, write_figures
from renp_sim.app.published_limits import LIMIT_FIGURES
from renp_sim.app.rate_figure import named_thresholds_eV, plot_rate, threshold_windows
from renp_sim.cli import main
from renp_sim.constants import G_F_PER_EV2, MU_B_PER_EV
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import Run, run_from_table

GP23_THRESHOLDS_EV = {
    "11": 1.071651694,
    "12": 1.071619505,
    "22": 1.071582555,
    "13": 1.070875349,
    "23": 1.070781965,
    "33": 1.069312518,
}


def setup(*settings: str) -> Run:
    return run_from_table(apply_settings(read_table("gp23_three_frequencies"), settings))


def with_masses(*masses_eV: float) -> Run:
    steps = [{"omega_eV": 1.07, "duration_s": 10.0}]
    return run_from_table(
        {"run": {"seed": 1}, "laser": {"steps": steps}, "neutrino": {"masses_eV": list(masses_eV)}}
    )


def require_plot(path: Path) -> None:
    if path.suffix == ".pdf":
        assert path.read_bytes().startswith(b"%PDF")
        assert b"CreationDate" not in path.read_bytes()
    else:
        image = imread(path)
        assert min(image.shape[:2]) > 500
        assert np.std(image[..., :3]) > 0.05


def test_windows_hold_all_thresholds_and_the_dense_group() -> None:
    emission = setup().emission
    thresholds = named_thresholds_eV(emission)
    assert thresholds == pytest.approx(GP23_THRESHOLDS_EV, abs=1e-9)
    whole, dense = threshold_windows(emission)
    assert whole[0] < thresholds["33"] < thresholds["11"] < whole[1]
    assert thresholds["13"] < dense[0] < thresholds["22"]
    assert thresholds["11"] < dense[1] < whole[1]
    inverted = setup("neutrino.ordering=inverted").emission
    thresholds = named_thresholds_eV(inverted)
    _, dense = threshold_windows(inverted)
    assert dense[0] < thresholds["22"] < thresholds["11"] < dense[1] < thresholds["33"]


def test_three_equal_masses_need_one_panel() -> None:
    assert len(threshold_windows(with_masses(0.1, 0.1, 0.1).emission)) == 1
    assert threshold_windows(with_masses(2.0, 2.0, 2.0).emission) == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sharp.png", ()),
        ("line.PDF", ("laser.linewidth_eV=1e-5", "neutrino.ordering=inverted")),
        (
            "resonance.png",
            (
                "laser.linewidth_eV=1e-6",
                "interaction={model='vector_mediator', mass_eV=0.05, g_electron=1e-12, g_left={11=1e-14}}",
            ),
        ),
    ],
)
def test_rate_is_drawn(tmp_path: Path, name: str, settings: tuple[str, ...]) -> None:
    plot_rate(setup(*settings), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    require_plot((tmp_path / name).rename(tmp_path / name.lower()))


def test_a_grid_is_drawn_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "grid.png"
    main_ends(["rate", "gp23_three_frequencies", "--grid", "1.068:1.072:101", "--plot", str(path)], 0)
    assert f"wrote {path}" in capsys.readouterr().out
    require_plot(path)
    main_ends(["rate", "fine_scan", "--omega", "1.07", "--json", "--plot", str(path)], 2)
    assert "two frequencies" in capsys.readouterr().err


def main_ends(arguments: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code


@pytest.mark.parametrize("name", ["rate.svg", "rate", "rate.png.txt"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"--plot .*: must end in \.png or \.pdf"):
        plot_rate(setup(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    heavy = with_masses(2.0, 2.0, 2.0)
    with pytest.raises(ConfigError, match="too heavy"):
        plot_rate(heavy, tmp_path / "rate.png")
    plot_rate(heavy, tmp_path / "rate.png", np.linspace(1.0, 1.1, 11))  # on demand, an empty one
    with pytest.raises(SchemaError, match="cannot be written"):
        plot_rate(setup(), tmp_path / "nowhere" / "rate.png")


def test_published_figures_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "figures"
    main_ends(["figures", str(folder)], 0)
    names = {f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf", "csv")}
    assert {path.name for path in folder.iterdir()} == names
    assert capsys.readouterr().out.count("wrote ") == len(names)
    for path in folder.iterdir():
        if path.suffix == ".csv":
            lines = path.read_text("utf-8").splitlines()
            head = [line for line in lines if line.startswith("#")]
            assert any("lightest mass 10 meV" in line for line in head)
            table = np.loadtxt(path, delimiter=",", skiprows=len(head) + 1)
            assert lines[len(head)].startswith(("omega_eV,I_", "mass_eV,", "days_per_frequency,"))
            assert table.shape[1] == lines[len(head)].count(",") + 1
            assert np.all(np.isfinite(table))
            assert np.all(np.diff(table[:, 0]) > 0)
        else:
            require_plot(path)
    with pytest.raises(SchemaError, match=r"figure1_mediators\.png.*--force"):
        write_figures(folder)


NAMES = ("figure1_mediators", "figure2_magnetic", "figure2_electric", *LIMIT_FIGURES)


def test_existing_figures_are_replaced_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "figure2_electric.csv"
    mine.write_text("mine")
    monkeypatch.setattr(figures_module, "_draw", lambda figure, folder: None)
    monkeypatch.setattr(figures_module, "write_limit_figure", lambda figure, folder: None)
    with pytest.raises(SchemaError, match="figure2_electric"):
        write_figures(tmp_path)
    assert mine.read_text() == "mine"
    told: list[tuple[int, int]] = []
    write_figures(tmp_path, force=True, progress=lambda done, total: told.append((done, total)))
    assert mine.read_text().startswith("# I_E^ij")
    assert told == [(done, len(NAMES)) for done in range(1, len(NAMES) + 1)]
    with pytest.raises(SchemaError, match="Not a directory"):
        write_figures(mine / "below")


def test_figure_1_starts_from_the_published_standard_model() -> None:
    """I(ω) at GP23's first frequency (reference number), and the effects that GP23's text tells of."""
    figure = mediator_figure()
    standard = figure.columns["I_standard_model"]
    assert np.interp(1.0688, figure.omega_eV, standard) == pytest.approx(0.06297292953, rel=1e-5)
    for name in ("I_vector", "I_scalar"):
        inside = figure.omega_eV < GP23_THRESHOLDS_EV["33"]
        change = figure.columns[name] / np.where(standard > 0, standard, 1) - 1
        assert np.all(change[inside] > 0.01)
        assert np.max(change) > 0.5
        assert np.all(figure.columns[name][standard == 0] == 0)
    for name, at_eV, told in (
        ("I_vector", (1.0688, 1.0716), (1.32, 1.71)),
        ("I_scalar", (1.0688, 1.0711), (3.3, 1.6)),
    ):
        ratio = np.interp(at_eV, figure.omega_eV, figure.columns[name] / np.where(standard > 0, standard, 1))
        assert ratio == pytest.approx(told, rel=0.02)
    assert all("as printed, M = 3 keV, which is not" in line for line in figure.says[1:])


@pytest.mark.parametrize("kind", ["magnetic", "electric"])
def test_figure_2_is_equation_14(kind: str) -> None:
    """Written out: I = μ_B⁴x²ω²Δ/(12 G_F² q⁴ (E_vg − ω)²) · [4s±(q² − s∓) + (4/3) q⁴Δ²], x = 1e-11."""
    figure = moment_figure(kind)
    omega = figure.omega_eV
    masses = setup().emission.neutrinos.masses_eV
    e_eg, e_vg = 2.14349, 2.23072
    q2 = e_eg * (e_eg - 2 * omega)
    for name, values in figure.columns.items():
        i, j = int(name[-2]) - 1, int(name[-1]) - 1
        plus, minus = (masses[i] + masses[j]) ** 2, (masses[i] - masses[j]) ** 2
        is_open = q2 - plus > 1e-6
        q = q2[is_open]
        delta2 = (q - plus) * (q - minus) / q**2
        own, other = (plus, minus) if kind == "magnetic" else (minus, plus)
        shape = 4 * own * (q - other) + 4 / 3 * q**2 * delta2
        scale = 1e-22 * MU_B_PER_EV**4 / (12 * G_F_PER_EV2**2 * q**2)
        wanted = scale * omega[is_open] ** 2 * np.sqrt(delta2) / (e_vg - omega[is_open]) ** 2 * shape
        assert np.allclose(values[is_open], wanted, rtol=1e-9, atol=0)
        assert np.all(values[q2 <= plus] == 0)
    near = np.interp(1.07, omega, next(iter(figure.columns.values())))
    assert 2e-4 < near < 8e-4  # unit moments give about 5e-4 near 1.07 eV
