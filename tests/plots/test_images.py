"""Every plot against a picture that was looked at: a change of layout is seen before a user sees it."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.legend import Legend

from tests.plots.examples import BASELINES, DRAWN_WITH, EXAMPLES, coarse

MOST = 4e-3
"""Root mean square of grey levels: rounding to 8 bits is 1.2e-3, a missing legend 0.02."""

pytestmark = pytest.mark.skipif(
    any(not version(name).startswith(f"{drawn}.") for name, drawn in DRAWN_WITH.items()),
    reason=f"the pictures were drawn with {DRAWN_WITH}; `python -m tests.plots.examples` draws them anew",
)


def distance(figure: Figure, name: str, folder: Path) -> float:
    found, wanted = coarse(figure, folder), imread(BASELINES / f"{name}.png")[..., :3].mean(axis=-1)
    assert found.shape == wanted.shape
    return float(np.sqrt(np.mean((found - wanted) ** 2)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plot_looks_as_it_did(name: str, tmp_path: Path) -> None:
    assert distance(EXAMPLES[name](), name, tmp_path) < MOST


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_missing_legend_is_seen(name: str, tmp_path: Path) -> None:
    figure = EXAMPLES[name]()
    for legend in figure.findobj(Legend):
        legend.set_visible(False)
    assert distance(figure, name, tmp_path) > 2 * MOST


def test_every_picture_has_its_plot() -> None:
    assert {path.stem for path in BASELINES.iterdir()} == set(EXAMPLES)
