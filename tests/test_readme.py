"""README says what is true: commands as CI runs them, the schema as it is written."""

import re
import subprocess
import sys
from pathlib import Path

from renp_sim.ntuple.schema import markdown_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def commands() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)


def test_ci_runs_the_test_command_as_printed() -> None:
    printed = next(block.strip() for block in commands() if "pytest" in block)
    assert printed in (ROOT / ".ci" / "run").read_text("utf-8")


def test_wrong_input_gets_the_lines_that_are_printed() -> None:
    (block,) = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    command, *lines = block.splitlines()
    arguments = command.removeprefix("$ renp-sim ").split()
    program = [sys.executable, "-c", "from renp_sim.cli import main; main()", *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (2, lines)


def test_the_schema_is_as_written() -> None:
    between = re.search(r"<!-- schema -->\n(.*?)\n<!-- /schema -->", README, flags=re.DOTALL)
    assert between is not None
    assert between[1].strip() == markdown_table().strip()
