"""README and the pages say what is true: commands as CI runs them, sessions, the schema as it is written."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import uproot

import renp_sim
from renp_sim.ntuple.schema import markdown_of, markdown_table
from renp_sim.ntuple.weights import HYPOTHESES, WEIGHTS
from renp_sim.physics.atom import known_atoms
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "reference" not in path.parts
}

PRINTED = "[25.03 19.47 17.82]"


def commands(page: str = "README.md") -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGES[page], flags=re.DOTALL)


def test_ci_runs_the_test_command_as_printed() -> None:
    printed = next(block.strip() for block in commands() if "pytest" in block)
    assert printed in (ROOT / ".ci" / "run").read_text("utf-8")


def test_wrong_input_gets_the_lines_that_are_printed() -> None:
    (block,) = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    command, *lines = block.splitlines()
    arguments = command.removeprefix("$ renp-sim ").split()
    program = [sys.executable, "-m", "renp_sim", *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (2, lines)


def blocks_in_python(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGES[page], flags=re.DOTALL)


def test_the_example_in_python_runs(tmp_path: Path) -> None:
    pages = blocks_in_python("docs/guide/python.md")
    (code,) = (block for block in pages if "load(" in block and ">>>" not in block)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    counts, fitted = done.stdout.splitlines()
    assert f"print(renp_sim.rate_of_schedule(run).expected_counts)  # {PRINTED}" in code
    assert [f"{float(count):.2f}" for count in counts.strip("[]").split()] == PRINTED.strip("[]").split()
    assert fitted.startswith(("normal/dirac", "inverted/dirac"))


@pytest.mark.parametrize(
    "session", [block for page in PAGES for block in blocks_in_python(page) if ">>>" in block]
)
def test_a_session_in_python_prints_what_is_written(session: str) -> None:
    example = doctest.DocTestParser().get_doctest(session, {"renp_sim": renp_sim}, "page", None, 0)
    assert len(example.examples) <= 10
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGES[page]):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_commands_run_as_printed(page: str, tmp_path: Path) -> None:
    """All commands of a page, one after the other, in an empty folder; what installs has run already."""
    if page == "docs/guide/campaigns.md":
        pytest.skip("its commands are for a cluster, and for hours")
    lines = [block for block in commands(page) if "pip install" not in block]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_schema_is_as_written() -> None:
    between = re.search(
        r"<!-- schema -->\n(.*?)\n<!-- /schema -->", PAGES["docs/guide/ntuple.md"], flags=re.DOTALL
    )
    assert between is not None
    assert between[1].strip() == markdown_table().strip()


def test_files_of_weights_are_as_written() -> None:
    written = re.search(
        r"<!-- weights -->\n(.*?)\n<!-- /weights -->", PAGES["docs/guide/ntuple.md"], flags=re.DOTALL
    )
    assert written is not None
    assert written[1].strip() == f"{markdown_of(WEIGHTS)}\n{markdown_of(HYPOTHESES)}".strip()


def test_objects_beside_the_trees_are_as_written(tmp_path: Path) -> None:
    """Whatever a file holds is a heading or a row of the page, with its class and the keys that it has."""
    page = PAGES["docs/guide/ntuple.md"]
    path = generate(load("gp23_three_frequencies"), tmp_path / "run.root").path
    with uproot.open(path) as file:
        for name, kind in file.classnames(cycle=False).items():
            assert f"`{name}`: " in page if kind == "TTree" else f"| `{name}` | {kind} |" in page
        legend = json.loads(str(file["schema"]))
    (row,) = re.findall(r"^\| `schema` \|.*$", page, flags=re.MULTILINE)
    branch = legend["trees"]["runs"]["branches"][0]
    assert re.findall(r"`(\w+)`", row) == [
        "schema",
        "name",
        "version",
        "trees",
        *legend["trees"]["runs"],
        *branch,
        "legends",
    ]


def test_the_programs_of_root_are_where_it_is_written(tmp_path: Path) -> None:
    pytest.importorskip("ROOT")
    (line,) = re.findall(r"^export PATH=.*$", PAGES["docs/guide/ntuple.md"], flags=re.MULTILINE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"{line}; command -v hadd"], env=os.environ | {"PATH": path}, check=False
    )
    assert done.returncode == 0


def test_levels_are_rounded_as_is_said() -> None:
    """Thresholds move by half of what is rounded off the level, which is told to 1e-6 eV."""
    (line,) = re.findall(
        r"\*\*Levels\*\* are rounded as in GP23: (.*) eV low\.", PAGES["docs/guide/physics.md"]
    )
    levels, moves = re.findall(r"(\w\w) ([\d.]+) for ([\d.]+)", line), re.findall(r"[\d.]+e-6", line)
    assert [name for name, _, _ in levels] == ["Yb", "Xe"]
    for (name, rounded, exact), moved in zip(levels, moves, strict=True):
        assert known_atoms()[name].e_eg_eV == float(rounded)
        assert abs((float(exact) - float(rounded)) / 2 - float(moved)) <= 2.5e-7
