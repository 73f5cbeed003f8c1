"""The documentation site: `sphinx-build -W docs build/docs`. Its references are made of the program."""

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import renp_sim

project = "renp-sim"
author = "The renp-sim developers"
copyright = author
version = release = version_of("renp-sim")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["build"]
html_theme = "furo"
html_title = f"renp-sim {release}"
html_static_path: list[str] = []
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
napoleon_google_docstring = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
# types are named as they are, without a page for each
nitpicky = False

HERE = Path(__file__).parent


def _cli_page() -> str:
    """Return the reference of the command line, of what `--help` says."""
    import click
    import typer

    from renp_sim.cli.program import app

    group = typer.main.get_command(app)
    context = click.Context(group, info_name="renp-sim")
    lines = ["# Command line", "", "Made of the program; `renp-sim COMMAND --help` says the same.", ""]
    for name in group.list_commands(context):
        command = group.resolve_command(context, [name])[1]
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(piece for piece in command.collect_usage_pieces(inner))
        lines += [f"## {name}", "", command.help or "", "", f"```text\nrenp-sim {name} {usage}\n```", ""]
        for parameter in command.params:
            record = parameter.get_help_record(inner)
            if record is not None:
                what, says = record
                lines += [f"`{what.strip()}`", f": {says.strip() or '–'}", ""]
    return "\n".join(lines)


def _api_page() -> str:
    """Return the reference of the public names, of their docstrings."""
    lines = ["# Python interface", "", "The public names of `renp_sim`; the guide uses them.", ""]
    for name in renp_sim.__all__:
        home = renp_sim._HOME[name]
        kind = "autoclass" if isinstance(getattr(renp_sim, name), type) else "autofunction"
        lines += [f"## {name}", "", "```{eval-rst}", f".. {kind}:: {home}.{name}"]
        lines += ["   :members:", "   :undoc-members:"] if kind == "autoclass" else []
        lines += ["```", ""]
    return "\n".join(lines)


def _make_pages(_: Any) -> None:
    for name, page in (("cli", _cli_page()), ("api", _api_page())):
        path = HERE / "reference" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != page:
            path.write_text(page, "utf-8")


def setup(app: Any) -> None:
    """Make the pages before they are read."""
    app.connect("builder-inited", _make_pages)
