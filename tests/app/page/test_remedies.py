"""Every warning has a command, and the command is one that runs and asks the same."""

import re
import shlex
from pathlib import Path

import pytest

from renp_sim.app.data import read_data
from renp_sim.app.page.remedies import DEFAULT, RULES, with_remedies
from renp_sim.app.thresholds import fit_report
from renp_sim.cli.fit_options import question_of
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table
from tests.cli.test_main import renp_sim

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """A fit of few counts with a mass at its bound, and all else that can be asked of it."""
    folder = tmp_path_factory.mktemp("warned")
    scan = {"omegas_eV": [1.0699, 1.0711], "total_duration_s": 5e4}
    dark = {"name": "dark counts", "kind": "dark_counts", "rate_hz": 1e-5, "error_rel": 0.5}
    table = {"run": {"seed": 5, "name": "mine"}, "background": [dark], "laser": {"scan": [scan]}}
    made = generate(run_from_table(table), folder / "my run.root")
    question = question_of(normalisation="30%", constrain=["background.dark counts=1:20%"])
    report = fit_report(read_data([made.path]), question)
    return folder, [(each.text, each.command) for each in with_remedies(report)]


def test_no_command_is_a_way_out_of_a_rule(warned) -> None:
    _, found = warned
    texts = [text for text, _ in found]
    assert len(texts) >= 3
    assert len(set(texts)) == len(texts)
    for text, command in found:
        assert any(re.search(pattern, text) for pattern, _ in RULES), text
        assert DEFAULT.partition(" ")[2].format(files="'my run.root'") not in command


@pytest.mark.slow
def test_commands_run_as_printed(warned) -> None:
    """Typed beside the file, with the options that the fit had."""
    folder, found = warned
    for _, command in found:
        program, *arguments = shlex.split(command)
        assert program == "renp-sim"
        assert {"--normalisation", "--constrain"} <= set(arguments)
        # fewer toys say whether it runs as well
        arguments = [re.sub(r"^(2000|10000)$", "50", argument) for argument in arguments]
        if "compare" in arguments:
            arguments += ["--toys", "50"]
        done = renp_sim(*arguments, cwd=folder)
        assert done.returncode == 0, f"{command}: {done.stderr}"


@pytest.mark.parametrize("file", ["analysis/infer/fit.py", "analysis/infer/result.py"])
def test_every_warning_of_a_fit_has_a_rule(file: str) -> None:
    """What is appended to warnings and notes there, by the words between its numbers."""
    source = (ROOT / "renp_sim" / file).read_text("utf-8")
    said = re.findall(r"out\.append\((.*?)\n? *\)\n", source, flags=re.DOTALL)
    assert len(said) >= 2
    for text in said:
        # joined as the program joins them
        joined = re.sub(r'"\s*f?"', "", text)
        assert any(re.search(pattern, joined) for pattern, _ in RULES), joined
