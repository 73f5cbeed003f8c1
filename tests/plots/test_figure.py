"""Saving figures: PNG and PDF, whole or not at all, and nothing leaks into the global state of matplotlib."""

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.text import Text

from renp_sim.errors import SchemaError
from renp_sim.plots.figure import figure, logarithmic, png_and_pdf, put_title, save
from renp_sim.plots.letters import families, spelled
from tests.plots.examples import EXAMPLES


def test_a_dot_in_a_name_is_no_suffix(tmp_path: Path) -> None:
    assert [path.name for path in png_and_pdf(tmp_path / "run.v1")] == ["run.v1.png", "run.v1.pdf"]


@pytest.mark.parametrize("name", ["spectrum", "curves"])
def test_a_plot_is_written_as_png_and_pdf(name: str, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    png, pdf = save(EXAMPLES[name](), *png_and_pdf(tmp_path / name))
    image = imread(png)
    assert min(image.shape[:2]) > 500
    assert np.std(image[..., :3]) > 0.05
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"CreationDate" not in pdf.read_bytes()
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    first, second = (save(EXAMPLES["energies"](), *png_and_pdf(tmp_path / name)) for name in "ab")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_plot_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "profile.png").mkdir()
    with figure(3, 3) as drawn:
        pass
    with pytest.raises(SchemaError, match=r"profile\.png: is a folder"):
        save(drawn, *png_and_pdf(tmp_path / "profile"))
    assert [path.name for path in tmp_path.iterdir()] == ["profile.png"]


def test_importing_plots_imports_no_plotting() -> None:
    names = ("curves", "energies", "figure", "frequency_axis", "onsets", "profile", "spectrum")
    imports = "; ".join(f"import renp_sim.plots.{name}" for name in names)
    code = f"{imports}; import sys; print(sorted({{'matplotlib', 'mplhep'}} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_letters_that_no_font_has_are_spelled_and_nothing_is_said(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """They were boxes, and beside a formula a line on stderr for each."""
    # private letters, which only a font of one's own has
    for title in ("a \ue123 α к ₁", r"\$ \ue123 $\omega$"):
        with figure(3, 3) as drawn:
            drawn.subplots().set_xlabel(title)
            put_title(drawn, title)
        save(drawn, tmp_path / "letters.png")
        text = [artist.get_text() for artist in drawn.findobj(Text) if isinstance(artist, Text)]
        assert text.count(title.replace("\ue123", r"\ue123")) == 2
    # old versions of what draws warn of themselves
    assert [str(w.message) for w in recwarn if not issubclass(w.category, DeprecationWarning)] == []
    assert caplog.records == []


def test_another_font_stands_in_for_letters_that_the_style_lacks() -> None:
    assert families()[:2] == ["TeX Gyre Heros", "DejaVu Sans"]
    assert spelled("₁", families()[:1]) == r"\u2081"
    assert spelled("₁", families()) == "₁"


@pytest.mark.parametrize(("high", "labels"), [(3.0, {"0.5", "1", "2"}), (3e4, {"1", "100", "10000"})])
def test_few_decades_have_numbers_on_their_axis(high: float, labels: set[str]) -> None:
    """The exposure had 6 × 10⁻¹ on its axis; over many decades powers are enough."""
    with figure(4, 3) as drawn:
        axes = drawn.subplots()
        axes.plot([0.3, high], [1.0, 2.0])
        logarithmic(axes, "x", 0.3, high)
    drawn.canvas.draw()
    shown = {tick.get_text() for tick in axes.get_xticklabels(which="both")}
    assert (labels <= shown) == (high < 1e3)
