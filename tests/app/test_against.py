"""Exposures against how good the apparatus is."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.app.against import exposure_against, write_against
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.question import Question
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import load

RUN = "gp23_three_frequencies"
DARK = ("background=[{name='dark', kind='dark_counts', rate_hz=2e-5}]",)


def factors(against: str, *settings: str) -> np.ndarray:
    found = exposure_against(RUN, Question(), "ordering", against, settings=settings)
    return np.array([answer.results[0].factor for answer in found.answers])


@pytest.mark.parametrize("name", ["coherence", "efficiency", "target.coherence"])
def test_without_background_it_goes_as_the_signal(name: str) -> None:
    found = factors(f"{name}=0.25,0.5,1")
    assert found == pytest.approx(found[-1] / np.array([0.25, 0.5, 1.0]), rel=1e-6)


def test_background_is_that_of_a_run_file_with_so_much_more() -> None:
    found = factors("background=0,1,3", *DARK)
    alone = exposure_needed(load(RUN), Question(), "ordering").results[0].factor
    tripled = exposure_needed(load(RUN, (DARK[0].replace("2e-5", "6e-5"),)), Question(), "ordering")
    assert found[0] == pytest.approx(alone, rel=1e-6)
    assert found[2] == pytest.approx(tripled.results[0].factor, rel=1e-6)
    assert found[1] > 1.1 * found[0]


def test_files_and_table_say_what_was_found(tmp_path: Path) -> None:
    found = exposure_against(RUN, Question(), "ordering", "linewidth=1e-6:1e-4:3:log")
    table = found.as_dict()
    assert table["against"] == "linewidth"
    assert [row["value"] for row in table["rows"]] == pytest.approx([1e-6, 1e-5, 1e-4])
    files = write_against(found, tmp_path)
    assert [f.name for f in files] == [f"exposure_against.{k}" for k in ("csv", "png", "pdf")]
    lines = files[0].read_text().splitlines()
    assert lines[0] == "# ordering: normal/dirac against inverted/dirac, 3 sigma"
    assert float(lines[2].split(",")[4]) == found.answers[0].results[0].factor


@pytest.mark.parametrize(
    ("against", "what"),
    [
        ("background=1,2", "has none to multiply"),
        ("coherence=2", r"target\.coherence = 2: must"),
        ("coherence", "--against coherence: write KEY"),
        ("coherance=1", "coherance"),
    ],
)
def test_mistakes_are_one_line(against: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        exposure_against(RUN, Question(), "ordering", against)
    with pytest.raises(ConfigError, match="≥ 0"):
        exposure_against(RUN, Question(), "ordering", "background=-1", settings=DARK)
