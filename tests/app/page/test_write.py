"""The page as a whole: one file that needs nothing, in order, the same for the same data, true to them."""

import json
import re
import shutil
from pathlib import Path

import pytest

from renp_sim.app.exposure import exposure_needed
from renp_sim.app.handover import hand_over
from renp_sim.app.limit import limit_of
from renp_sim.app.question import Question
from renp_sim.app.report import run_all
from renp_sim.app.subject import subject_of
from renp_sim.app.toy_plan import plan_toys
from renp_sim.app.toys import make_toys
from renp_sim.errors import ConfigError, RenpError, SchemaError
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load, run_from_table
from tests.app.page.conftest import EXAMPLE
from tests.app.page.pages import Page, page_at

SECTIONS = [
    *("answer", "warnings", "numbers", "schedule", "spectrum", "parameters"),
    *("toys", "exposure", "assumptions", "provenance"),
]
"""In the order in which they are read."""


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return page_at(folder / "report.html")


@pytest.fixture(scope="module")
def whole(folder: Path, extras: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of a folder that has everything."""
    full = tmp_path_factory.mktemp("full")
    shutil.copytree(folder, full, dirs_exist_ok=True)
    shutil.copytree(extras, full, dirs_exist_ok=True)
    hand_over([full], full / "again.html")
    return page_at(full / "again.html")


@pytest.fixture(params=["page", "whole"])
def any_page(request: pytest.FixtureRequest) -> Page:
    found: Page = request.getfixturevalue(request.param)
    return found


def test_it_is_one_file_that_needs_nothing(any_page: Page) -> None:
    assert len(any_page.data) < 5e6
    assert any_page.faults == []
    assert any_page.of("script", "iframe", "object", "embed") == []
    addresses = [a[key] for _, a in any_page.elements for key in ("href", "src", "srcset") if key in a]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    style = "".join(any_page.text_in("style"))
    assert "url(" not in style
    assert "@import" not in style
    assert b"http" not in re.sub(rb"base64,[\w+/=]+", b"", any_page.data)


def test_links_lead_somewhere_and_ids_are_unique(any_page: Page) -> None:
    ids = [a["id"] for _, a in any_page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    inner = [a["href"] for _, a in any_page.elements if a.get("href", "").startswith("#")]
    inner += re.findall(r"url\((#[^)]*)\)", any_page.data.decode())
    assert len(inner) > 20
    assert {link.removeprefix("#") for link in inner} <= set(ids)


def test_who_cannot_see_is_told(any_page: Page) -> None:
    figures = any_page.of("svg", "img")
    assert len(figures) >= 5
    labels = [a["alt"] if "alt" in a else a["aria-label"] for a in figures]
    assert all(len(label) > 30 for label in labels)
    assert len(set(labels)) == len(labels)
    assert all(a.get("role") == "img" for a in any_page.of("svg"))
    (html,) = any_page.of("html")
    assert html["lang"] == "en"
    headings = [tag for tag, _ in any_page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert set(headings[1:]) == {"h2"}
    assert all("scope" in a for a in any_page.of("th"))


def test_the_order_is_that_of_a_reader(page: Page, whole: Page) -> None:
    assert [a["id"] for a in whole.of("section")] == SECTIONS
    assert [a["id"] for a in page.of("section")] == [s for s in SECTIONS if s not in ("toys", "exposure")]


def test_what_is_embedded_is_what_was_found(folder: Path, page: Page) -> None:
    results = json.loads((folder / "results.json").read_text())
    assert page.json("results.json") == results | {"files": ["events.root"]}
    (head, *rows) = page.embedded()["steps.csv"].decode().splitlines()
    column = head.split(",").index("expected_counts")
    best = results["fit"]["fits"][results["fit"]["best"]]
    assert [float(row.split(",")[column]) for row in rows] == best["expected_counts"]
    assert page.json("configurations.json")[0]["run"]["name"] == "gp23-three-frequencies"


def test_the_numbers_are_those_of_the_fit(folder: Path, page: Page) -> None:
    fit = json.loads((folder / "results.json").read_text())["fit"]
    best, rest = fit["best"], fit["fits"][fit["best"]]
    mass = rest["parameters"]["lightest_mass_eV"]
    (region,) = mass["intervals"]["regions"]
    (said,) = page.text_in("p")[2:3]
    ordering = best.partition("/")[0]
    assert said.startswith(f"{ordering.capitalize()} ordering (Dirac) fits better than ")
    numbers = f"{1e3 * mass['value']:.1f} meV, 68.27 % interval [{1e3 * region['lower']:.1f}, "
    assert f"{numbers}{1e3 * region['upper']:.1f}] meV." in said
    cells = dict(zip(page.text_in("th"), page.text_in("td"), strict=False))
    assert cells["recorded photons"] == "57"
    assert cells["steps"] == "3 (3 signal)"


def test_the_same_data_are_the_same_bytes(folder: Path, tmp_path: Path, monkeypatch) -> None:
    """Wherever they lie, whether `run` wrote the page, or `report` of the folder or the file."""
    elsewhere = tmp_path / "a place"
    shutil.copytree(folder, elsewhere)
    hand_over([elsewhere], tmp_path / "folder.html")
    monkeypatch.chdir(elsewhere)
    hand_over([Path("events.root")], tmp_path / "file.html")
    wanted = (folder / "report.html").read_bytes()
    assert (tmp_path / "folder.html").read_bytes() == wanted
    assert (tmp_path / "file.html").read_bytes() == wanted
    assert str(tmp_path).encode() not in wanted


def test_a_folder_shows_all_that_is_in_it(whole: Page) -> None:
    for text in (
        "Toys of toys.root",
        "Pulls of the toys of toys.root",
        "Belts of belts.npz",
        "limit on observed one",
        "limit on normalisation",
        "exposure for ordering, 3 σ one-sided",
        "live time of all steps",
        "live time of signal steps",
    ):
        assert text in whole.text, text
    assert any("1.25] (observed, 90 % CL" in cell for cell in whole.text_in("td"))
    names = set(whole.text_in("td"))
    assert {"events.root", "toys.root", "belts.npz", "planned.json", "exposure.json"} <= names


def test_a_folder_is_reported_as_it_was_fitted(tmp_path: Path) -> None:
    """A free normalisation and a level of 90 % are not forgotten, also where the files lie elsewhere."""
    from renp_sim.app.data import read_data
    from renp_sim.app.report import analyse, write_report
    from renp_sim.cli.fit_options import question_of

    made = generate(load("gp23_three_frequencies"), tmp_path / "run.root")
    question = question_of(normalisation="10%", level=0.9, fix=["lightest_mass_eV=0.01"], ordering="normal")
    fitted = tmp_path / "fitted"
    fitted.mkdir()
    report = analyse(read_data([made.path]), question, n_toys=100)
    write_report(report, fitted)
    found = hand_over([fitted], tmp_path / "page.html")
    assert found.fit.question == question
    assert found.fit.goodness == report.fit.goodness
    assert (tmp_path / "page.html").read_bytes() == (fitted / "report.html").read_bytes()
    assert "p-value from toys, normal/dirac" in page_at(tmp_path / "page.html").text


@pytest.mark.parametrize("what", ["nothing", "no JSON", "no limit", "old", "another", "input", "there"])
def test_what_cannot_be_reported_is_one_line(what: str, folder: Path, tmp_path: Path) -> None:
    mine, output = tmp_path / "mine", tmp_path / "page.html"
    shutil.copytree(folder, mine)
    given, results = [mine], mine / "results.json"
    table = json.loads(results.read_text())
    expected: tuple[type[RenpError], str] = (SchemaError, "")
    if what == "nothing":
        given = [tmp_path / "empty"]
        given[0].mkdir()
        expected = (SchemaError, "has neither an ntuple nor results.json: give a folder")
    elif what == "no JSON":
        (mine / "limit.json").write_text("{")
        expected = (SchemaError, r"limit.json: is no JSON \(.*\): write it again")
    elif what == "no limit":
        wrong = {"parameter": "x", "cl": "high", "upper": [], "lower": None, "is_expected": False}
        (mine / "limit.json").write_text(json.dumps(wrong))
        expected = (SchemaError, "limit.json: is not what `renp-sim limit --json` prints: write it again")
    elif what == "old":
        del table["question"]
        results.write_text(json.dumps(table))
        expected = (ConfigError, "does not say what was asked .*: give the ROOT files and the options")
    elif what == "another":
        other = tmp_path / "other"
        other.mkdir()
        table["question"]["level"] = 0.9
        table["files"] = [str(folder / "events.root")]
        (other / "results.json").write_text(json.dumps(table))
        given = [mine, other]
        expected = (ConfigError, "were fitted with different questions: report them apart")
    elif what == "input":
        output = results
        expected = (SchemaError, "is the input .*: give the output another name")
    else:
        output.write_text("mine")
        expected = (SchemaError, "exists already: choose another name, or --force to replace it")
    with pytest.raises(expected[0], match=expected[1]) as raised:
        hand_over(given, output)
    assert "\n" not in str(raised.value)
    assert not output.exists() or output.read_text() in ("mine", json.dumps(table, indent=1) + "\n")


def test_what_is_left_out_is_said(folder: Path, tmp_path: Path) -> None:
    """Whatever else lies in the folder: the report is of the rest."""
    mine = tmp_path / "mine"
    shutil.copytree(folder, mine)
    (mine / "weights.root").write_bytes(b"root, but none of ours")
    (mine / "notes.json").write_text('["mine"]')
    hand_over([mine], tmp_path / "page.html")
    page = page_at(tmp_path / "page.html")
    said = [text for text in page.text_in("li") if "left out" in text]
    assert [text.partition(" ")[0] for text in said] == ["left", "notes.json:"]
    assert "weights.root: is damaged" in said[0]
    assert str(tmp_path) not in page.text
    (mine / "events.root").unlink()
    (mine / "results.json").unlink()
    with pytest.raises(SchemaError, match=r"weights\.root: is damaged"):
        hand_over([mine], tmp_path / "again.html")


def test_several_runs_are_one_report(tmp_path: Path) -> None:
    run = load("gp23_three_frequencies")
    paths = [generate(run, tmp_path / "a.root").path]
    other = load("gp23_three_frequencies", seed=5)
    paths.append(generate(other, tmp_path / "b.root").path)
    hand_over(paths, tmp_path / "page.html")
    page = page_at(tmp_path / "page.html")
    assert page.faults == []
    for name in ("a.root", "b.root"):
        assert name in page.text_in("td")
    assert "and 1 more" in "".join(page.text_in("h1"))


def test_names_are_text(tmp_path: Path) -> None:
    """A run and its backgrounds may be called anything: no name is markup, TeX or a warning."""
    scan = {"omegas_eV": [1.0699, 1.0711], "total_duration_s": 3e5}
    name = "<b>$x</b> & 𝕏"
    table = {
        "run": {"seed": 11, "name": "<script>alert($1$)<script> & co"},
        "background": [{"name": name, "kind": "dark_counts", "rate_hz": 1e-4, "error_rel": 0.5}],
        "laser": {"scan": [scan]},
    }
    run_all(run_from_table(table), tmp_path / "folder")
    page = page_at(tmp_path / "folder" / "report.html")
    assert page.faults == []
    assert page.of("script", "b") == []
    assert "<script>alert($1$)<script> & co" in "".join(page.text_in("h1"))


def test_the_template_is_in_the_package() -> None:
    from importlib.resources import files

    folder = files("renp_sim.app.page") / "template"
    assert {each.name for each in folder.iterdir()} >= {"report.html", "style.css"}


def test_a_broken_page_is_told() -> None:
    """The parser of these tests does see what they look for."""
    assert Page(b"<p><b>bold</p></b>").faults
    assert Page(b"<div>").faults == ["<div> stays open"]


def test_what_is_of_another_run_is_left_out(folder: Path, extras: Path, tmp_path: Path) -> None:
    """By name; of another seed or other settings it is said. Before, all was shown as that of the data."""
    for path in (*folder.glob("*.root"), *extras.iterdir()):
        shutil.copy(path, tmp_path / path.name)
    other = load("gp23_six_frequencies")
    found = limit_of(subject_of(["gp23_six_frequencies"]), Question(), "normalisation")
    (tmp_path / "six.json").write_text(json.dumps(found.as_dict()))
    make_toys(plan_toys(other, Question(), "ordering", factors=(1.0,)), tmp_path / "six.root", 0, 4)
    variant = exposure_needed(load(EXAMPLE, seed=7), Question(), "ordering").as_dict()
    (tmp_path / "variant.json").write_text(json.dumps(variant))
    hand_over([tmp_path], tmp_path / "page.html")
    page = page_at(tmp_path / "page.html")
    (note,) = [text for text in page.text_in("li") if "left out" in text]
    assert note.startswith("six.json, six.root: left out, being of other runs")
    assert page.text.count("limit on normalisation") == 1
    assert f"other settings or another seed, run {load(EXAMPLE, seed=7).number}" in page.text
