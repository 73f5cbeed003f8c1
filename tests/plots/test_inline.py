"""Figures within a page: the same text each time, ids of their own, a picture where they are large."""

import base64
import re

import numpy as np
import pytest

from renp_sim.plots import inline as module
from renp_sim.plots.belts import belt_plot
from renp_sim.plots.correlation import correlation_plot
from renp_sim.plots.figure import rendered
from renp_sim.plots.inline import inline
from renp_sim.plots.pulls import count_pulls_plot, nuisance_plot
from renp_sim.plots.schedule import schedule_plot

OMEGA_EV = np.array([1.0688, 1.0699, 1.0711])
ORDERINGS = {
    "normal": {"11": 1.0716, "12": 1.07159, "33": 1.0693},
    "inverted": {"11": 1.0694, "33": 1.0717},
}


def schedule():
    return schedule_plot(
        OMEGA_EV,
        np.full(3, 1 / 3),
        linewidth_eV=np.full(3, 1e-4),
        error_eV=np.zeros(3),
        thresholds_eV=ORDERINGS,
    )


def nuisances(impact=None):
    names = ["efficiency", "background.<$x>"]
    return nuisance_plot(
        names, np.array([0.3, -4.0]), np.array([0.5, np.nan]), impact, impact_label="m (meV)"
    )


DRAWN = {
    "schedule": schedule,
    "pulls": lambda: count_pulls_plot(OMEGA_EV, np.array([0.5, np.inf, -2]), np.array([True, True, False])),
    "nuisances": nuisances,
    "impacts": lambda: nuisances(np.array([0.1, np.nan])),
    "correlations": lambda: correlation_plot(["a_b$", "c"], np.array([[1, np.nan], [np.nan, 1]])),
    "belts": lambda: belt_plot(np.arange(3.0), {"90 %": np.array([2.7, np.inf, 2.6])}, x_label="g_$"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_it_is_the_same_text_each_time(name: str) -> None:
    first, second = (inline(DRAWN[name](), key=name, label='a "b" <c>') for _ in range(2))
    assert first == second
    assert first.startswith('<svg role="img" aria-label="a &quot;b&quot; &lt;c&gt;" viewBox="0 0 ')
    assert first.endswith("</svg>")
    assert "http" not in first
    ids = re.findall(r'\sid="([^"]*)"', first)
    assert len(ids) == len(set(ids)) > 10
    assert all(each.startswith(f"{name}-") for each in ids)
    leads = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', first)
    assert {a or b for a, b in leads} <= set(ids)


def test_a_large_one_is_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    found = inline(schedule(), key="x", label="a & b")
    (data,) = re.findall(r'<img alt="a &amp; b" src="data:image/png;base64,([^"]*)">', found)
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_a_figure_is_laid_out_once() -> None:
    """What is drawn second has the layout of the first: half of the time, and one picture in two formats."""
    figure = schedule()
    rendered(figure, "svg")
    (first, *_) = places = [axes.get_position().bounds for axes in figure.axes]
    rendered(figure, "png", dpi=300)
    assert [axes.get_position().bounds for axes in figure.axes] == places
    assert first != (0.0, 0.0, 1.0, 1.0)


def test_every_threshold_is_in_the_schedule() -> None:
    """Also those that no step is near."""
    low, high = schedule().axes[0].get_xlim()
    assert all(low < value < high for row in ORDERINGS.values() for value in row.values())
