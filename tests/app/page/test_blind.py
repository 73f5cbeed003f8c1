"""The report of a blind file: searched byte by byte for what the file hides."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from renp_sim.app.handover import hand_over
from renp_sim.errors import SchemaError
from renp_sim.ntuple.blind import key_of
from renp_sim.ntuple.reader import read_tables
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.app.page.conftest import EXAMPLE
from tests.app.page.pages import Page, page_at

DRAWN = re.compile(rb"<svg.*?</svg>", re.DOTALL)
COORDINATES = re.compile(rb'\s(d|x|y|transform|width|height|points)="[^"]*"')

SEED, MASS_EV, ANGLE = 123456789123, 0.0123456, 0.3141592
OFFSET_EV, DRIFT, MEDIATOR_EV, COUPLING = 1.23457e-6, 0.0271828, 4.56789e-3, 7.71234e-28
HIDDEN: dict[str, Any] = {
    "run": {"seed": SEED, "name": "gp23-three-frequencies"},
    "neutrino": {"ordering": "inverted", "lightest_mass_eV": MASS_EV, "sin2_theta12": ANGLE},
    "interaction": {
        "model": "vector_mediator",
        "mass_eV": MEDIATOR_EV,
        "g_electron": 1.0,
        "g_left": {"11": COUPLING},
    },
    "drift": {"efficiency": {"kind": "linear", "total_rel": -DRIFT}},
    "laser": {
        "scan": [{"omegas_eV": [1.0688, 1.0699, 1.0711], "total_duration_s": 596160.0}],
        "calibration": {"common_offset_eV": OFFSET_EV, "common_error_eV": 2e-6},
    },
}


def table(blind: bool) -> dict[str, Any]:
    return HIDDEN | {"output": {"blind": blind}}


def traces(page: Page, truth: Path) -> list[str]:
    """Return what a page shows of the truth, in its text or in a file within it, however it is written."""
    row = read_tables(truth)
    numbers = [SEED, MASS_EV, ANGLE, OFFSET_EV, DRIFT, MEDIATOR_EV, COUPLING]
    scaled = [value * scale for value in numbers for scale in (1, 1e3, 1e6)]
    wanted = {f"{value:{form}}" for value in scaled for form in ("", ".5g", ".6g")}
    wanted |= {f"{x:{form}}" for x in row.steps["mu_signal"].tolist() for form in ("", ".6g")}
    wanted |= {text.replace("-", "−") for text in wanted}
    # fewer digits may be there by chance
    wanted = {text for text in wanted if len(text.partition("e")[0].replace(".", "").lstrip("0−-")) >= 5}
    wanted |= {"vector_mediator", "total_rel", "common_offset", "g_left", '"command"', "fingerprint"}
    # coordinates of drawings have any digits by chance
    written = DRAWN.sub(lambda drawing: COORDINATES.sub(b"", drawing[0]), page.data)
    shown = [written, page.text.encode(), *page.embedded().values()]
    return sorted(text for text in wanted if any(text.encode() in each for each in shown))


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blind") / "run.root"
    generate(run_from_table(table(True)), path)
    return path


def test_nothing_hidden_is_in_the_report(blind: Path, tmp_path: Path) -> None:
    hand_over([blind], tmp_path / "page.html", model=EXAMPLE)
    page = page_at(tmp_path / "page.html")
    assert page.faults == []
    assert traces(page, key_of(blind)) == []
    assert "what the data hide was given by --model" in page.text
    # a folder has the key in it, which is not looked at
    hand_over([blind.parent], tmp_path / "folder.html", model=EXAMPLE)
    assert (tmp_path / "folder.html").read_bytes() == page.data
    commands = page.text_in("code")
    assert commands
    assert all(f"--model {EXAMPLE}" in command for command in commands if " fit " in command)


def test_no_folder_is_told(blind: Path, tmp_path: Path) -> None:
    """Neither that of the data nor that of the model, in no file that the page carries."""
    model = tmp_path / "my model.toml"
    scan = "[[laser.scan]]\nomegas_eV = [1.07]\ntotal_duration_s = 1e5\n"
    model.write_text(f"[run]\nseed = 1\n[laser]\nlinewidth_eV = 1e-6\n{scan}")
    hand_over([blind], tmp_path / "page.html", model=model)
    page = page_at(tmp_path / "page.html")
    for text in (page.data, *page.embedded().values()):
        assert str(tmp_path).encode() not in text
        assert str(blind.parent).encode() not in text
    assert page.json("results.json")["question"]["model"] == "my model.toml"
    assert "my model.toml: a fit uses its target.atom" in page.text
    assert "renp-sim check 'my model.toml'" in page.text_in("code")


def test_the_search_finds_what_an_open_file_tells(tmp_path: Path) -> None:
    """The broken twin: the same run, not blind."""
    path = tmp_path / "open.root"
    generate(run_from_table(table(False)), path)
    hand_over([path], tmp_path / "page.html")
    found = traces(page_at(tmp_path / "page.html"), path)
    assert {str(SEED), str(MASS_EV), str(ANGLE), "vector_mediator", "total_rel", '"command"'} <= set(found)


def test_what_assumes_a_truth_is_left_out(blind: Path, extras: Path, tmp_path: Path) -> None:
    shutil.copy(blind, tmp_path / "run.root")
    shutil.copytree(extras, tmp_path, dirs_exist_ok=True)
    hand_over([tmp_path], tmp_path / "page.html", model=EXAMPLE)
    page = page_at(tmp_path / "page.html")
    assert "toys" not in [a["id"] for a in page.of("section")]
    assert "limit on observed one" in page.text
    assert "limit on normalisation" not in page.text
    (note,) = [text for text in page.text_in("li") if "left out" in text]
    assert note.startswith(
        "toys.root, belts.npz, exposure.json, planned.json: left out, since the data are blind"
    )


def test_without_a_model_it_is_one_line(blind: Path, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is blind and hides what it was made with: give a run file"):
        hand_over([blind], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
