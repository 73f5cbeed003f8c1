"""Where it comes from: files with their hashes, versions, and the resolved configuration."""

import json
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Any

from renp_sim.app.page.parts import Block, Folded, Links, Section, Table
from renp_sim.app.page.words import run_names
from renp_sim.app.thresholds import FitReport

__all__ = ["provenance_section", "sha256_of"]

MOST_CONFIGURATIONS = 20
"""Of a campaign of many runs; the files have all."""

CODE = ("renp-sim", "numpy", "scipy", "iminuit", "uproot")
"""What made this page: the versions of what its numbers pass through."""


def sha256_of(path: Path) -> str:
    """Return the hash of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def provenance_section(fit: FitReport, results: dict[str, Any], extra: tuple[Path, ...]) -> Section:
    """Return the section.

    Parameters
    ----------
    fit
        Of what.
    results
        Everything as `results.json` has it; embedded.
    extra
        Files of the folder that the page shows too.
    """
    tables = fit.data.tables
    runs_of = dict.fromkeys(tables.paths, "ntuple") | dict.fromkeys(extra, "shown here")
    if fit.data.model is not None and fit.data.model.is_file():
        runs_of[fit.data.model] = "run file of --model"
    hashes = [(path.name, what, f"{path.stat().st_size}", sha256_of(path)) for path, what in runs_of.items()]
    blocks: list[Block] = [
        Table(caption="Files", head=("file", "what", "bytes", "SHA-256"), rows=hashes),
        Table(
            caption="Made with",
            head=("package", "version"),
            rows=[(name, version(name)) for name in CODE],
        ),
    ]
    files = [("results.json", "application/json", _json(results).encode())]
    rows = zip(run_names(fit.data.tables), tables.config, tables.provenance, strict=True)
    for name, config, made in list(rows)[:MOST_CONFIGURATIONS]:
        blocks.append(Folded(title=f"Resolved configuration of {name}", text=_json(config)))
        blocks.append(Folded(title=f"How {name} was made", text=_json(made)))
    files.append(("configurations.json", "application/json", _json(list(tables.config)).encode()))
    return Section(key="provenance", title="Provenance", blocks=(*blocks, Links(files=files)))


def _json(table: Any) -> str:
    return json.dumps(table, indent=1, ensure_ascii=False, sort_keys=True)
