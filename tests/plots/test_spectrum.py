"""Plots: both files are written, labels keep apart, nothing leaks into the global state of matplotlib."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from renp_sim.analysis.intervals import Interval
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.analysis.spectrum.thresholds import search_thresholds
from renp_sim.errors import SchemaError
from renp_sim.plots import figure as figure_module
from renp_sim.plots import profile as profile_plot_module
from renp_sim.plots import spectrum as plots_module
from renp_sim.plots.figure import dense_window, figure, label_thresholds, spread, tame_ticks
from renp_sim.plots.profile import DrawnProfile, profile_plot
from renp_sim.plots.spectrum import (
    Curve,
    energy_plot,
    spectrum_plot,
    threshold_plot,
)
from tests.analysis.scans import asimov, drawn, scan_exposure

THRESHOLDS_EV = {
    "11": 1.071651694,
    "12": 1.071619505,
    "22": 1.071582555,
    "13": 1.070875349,
    "23": 1.070781965,
    "33": 1.069312518,
}
OMEGA = np.append(np.linspace(1.0681, 1.0714, 21), np.linspace(1.071505, 1.0717, 40))


def falling(omega: np.ndarray) -> np.ndarray:
    return 3e4 * np.sqrt(np.maximum(1.0716517 - omega, 0))


def require_drawn(paths: tuple[Path, Path], stem: Path) -> None:
    assert paths == (stem.with_name(stem.name + ".png"), stem.with_name(stem.name + ".pdf"))
    image = imread(paths[0])
    assert min(image.shape[:2]) > 500
    assert np.std(image[..., :3]) > 0.05
    assert paths[1].read_bytes().startswith(b"%PDF")


def test_all_plots_are_written(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    data = drawn(asimov(scan_exposure(OMEGA, background_hz=5.0), falling), np.random.default_rng(2))
    curve = Curve(label="fit", omega_eV=OMEGA, value=falling(OMEGA))
    stem = tmp_path / "run.v1"  # a dot in the name is no suffix
    spectrum = measured_spectrum(data)
    require_drawn(
        spectrum_plot(spectrum, stem, curves=[curve], thresholds_eV=THRESHOLDS_EV, title="Yb"), stem
    )
    require_drawn(threshold_plot(search_thresholds(data), stem, thresholds_eV=THRESHOLDS_EV), stem)
    mass = np.linspace(0, 0.05, 50)
    curves = [
        DrawnProfile(
            label=label,
            values=mass,
            delta_q=np.where(mass > 0.04, np.inf, (mass - best) ** 2 * 1e5),
            regions=(Interval(lower=best - 0.003, upper=best + 0.003),),
            kinks=np.array([0.01, 0.02]),
        )
        for label, best in (("normal", 0.01), ("inverted", 0.02))
    ]
    require_drawn(profile_plot(curves, stem, title="run 1"), stem)
    edges = np.linspace(0.9, 1.2, 31)
    require_drawn(energy_plot(edges, {"signal": np.full(30, 9.0), "dark": np.ones(30)}, stem), stem)
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or sys.modules["matplotlib.pyplot"].get_fignums() == []


@pytest.mark.parametrize("n_steps", [0, 1, 2])
def test_hardly_any_data_is_still_a_plot(tmp_path: Path, n_steps: int) -> None:
    data = asimov(scan_exposure(OMEGA[:n_steps]), np.zeros_like)
    require_drawn(spectrum_plot(measured_spectrum(data), tmp_path / "a"), tmp_path / "a")
    require_drawn(threshold_plot(search_thresholds(data), tmp_path / "b"), tmp_path / "b")
    nothing = DrawnProfile(label="none", values=np.array([0.01]), delta_q=np.array([np.inf]))
    require_drawn(profile_plot([nothing], tmp_path / "c"), tmp_path / "c")


@pytest.fixture
def canvases(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Collect figures as they are saved, with everything at its place."""
    kept: list[Figure] = []

    def keep(drawn: Figure, stem: Path) -> tuple[Path, Path]:
        drawn.draw_without_rendering()
        kept.append(drawn)
        return stem, stem

    for module in (plots_module, profile_plot_module):
        monkeypatch.setattr(module, "save", keep)
    return kept


def test_a_narrow_profile_has_full_numbers_and_room_for_them(canvases: list[Figure]) -> None:
    """No offset such as +1e1 beside the label, no name of a level on a curve."""
    mass = np.linspace(9.99e-3, 10.01e-3, 101)
    near = DrawnProfile(label="normal", values=mass, delta_q=((mass - 10e-3) / 2.6e-6) ** 2)
    far = DrawnProfile(label="inverted", values=mass, delta_q=np.full(101, 50.0))
    profile_plot([near, far], Path("unused"))
    (axes,) = canvases[0].axes
    assert axes.xaxis.get_offset_text().get_text() == ""
    shown = [float(label.get_text()) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(shown, axes.get_xticks(), rtol=1e-12)
    assert all(text.get_window_extent().x0 > axes.bbox.x1 for text in axes.texts)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["normal", "inverted (above 10)"]


def test_an_empty_threshold_search_says_so_and_its_legend_leaves_the_title_alone(
    canvases: list[Figure],
) -> None:
    search = search_thresholds(asimov(scan_exposure(OMEGA[:2]), np.zeros_like))
    threshold_plot(search, Path("unused"), thresholds_eV=THRESHOLDS_EV, title="run 123456789012345678")
    (drawn,) = canvases
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.texts] == ["too few steps: no place was tested"]
    assert len(axes.get_xticks()) == 0
    (legend,) = drawn.legends
    title = next(text for text in drawn.texts if text.get_text().startswith("run"))
    assert not legend.get_window_extent().overlaps(title.get_window_extent())


def test_no_photon_is_an_axis_from_zero(canvases: list[Figure]) -> None:
    energy_plot(np.linspace(0, 10, 11), {"no photon": np.zeros(10)}, Path("unused"))
    assert canvases[0].axes[0].get_ylim()[0] == 0


def test_a_plot_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "profile.png").mkdir()
    curve = DrawnProfile(label="normal", values=np.linspace(0, 1, 9), delta_q=np.linspace(0, 9, 9))
    with pytest.raises(SchemaError, match=r"profile\.png: cannot be written \(Is a directory\)"):
        profile_plot([curve], tmp_path / "profile")
    assert [path.name for path in tmp_path.iterdir()] == ["profile.png"]


def overlaps() -> int:
    """Return how many neighbouring threshold labels overlap in a panel of the whole scan."""
    with figure(6.0, 4.0) as canvas:
        axes = canvas.subplots()
        axes.set_xlim(1.068, 1.0718)
        label_thresholds(axes, THRESHOLDS_EV)
        canvas.draw_without_rendering()
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.x0)
    assert len(boxes) == 6
    return sum(left.x1 > right.x0 for left, right in pairwise(boxes))


def test_threshold_labels_keep_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert overlaps() == 0
    monkeypatch.setattr(figure_module, "LABEL_WIDTH", 0.0)
    assert overlaps() > 0


def test_spread_keeps_order_room_and_range() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        wanted = np.sort(rng.random(rng.integers(1, 9)))
        places = spread(wanted.tolist(), 0.1, 0.0, 1.0)
        assert np.all(np.diff(places) > 0.1 - 1e-9)
        assert places[0] > -1e-9
        assert places[-1] < 1 + 1e-9
    assert spread([0.2, 0.5], 0.1, 0.0, 1.0) == [0.2, 0.5]
    assert spread([], 0.1, 0.0, 1.0) == []


def test_a_zoom_is_for_a_dense_group() -> None:
    window = dense_window(OMEGA)
    assert window is not None
    assert 1.0714 < window[0] < 1.071505
    assert 1.0717 < window[1] < 1.0718
    assert dense_window(np.tile(OMEGA, 3)) == window
    assert dense_window(np.linspace(1.0, 1.1, 50)) is None
    assert dense_window(OMEGA[:3]) is None


def test_ticks_are_full_and_distinct_numbers() -> None:
    for low, high in ((1.068, 1.0718), (1.07149, 1.07171), (1.0716, 1.0716004)):
        with figure(6.0, 4.0) as canvas:
            axes = canvas.subplots()
            axes.set_xlim(low, high)
            tame_ticks(axes, 5)
            canvas.draw_without_rendering()
            labels = [label.get_text() for label in axes.get_xticklabels()]
            ticks = axes.get_xticks()
        assert len(set(labels)) == len(labels) >= 3
        np.testing.assert_allclose([float(label) for label in labels], ticks, rtol=1e-12)


def test_importing_plots_imports_no_plotting() -> None:
    plotting = "{'matplotlib', 'mplhep'}"
    code = f"import sys, renp_sim.plots.spectrum; print(sorted({plotting} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
