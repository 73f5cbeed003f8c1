"""Who may import whom, enforced by reading the imports of every file."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

KERNEL = {"errors", "constants", "streams", "arrays", "files", "outputs"}
LIBRARIES = {
    "physics",
    "laser",
    "generator",
    "detector",
    "ntuple",
    "analysis",
    "prediction",
    "plots",
    "runfile",
    "production",
}
ALLOWED = {
    "errors": set(),
    "arrays": set(),
    "constants": set(),
    "files": {"errors"},
    "outputs": {"errors", "files"},
    "streams": {"errors", "arrays"},
    "data": set(),
    "physics": KERNEL | {"physics", "data"},
    "laser": KERNEL | {"physics", "laser"},
    "generator": KERNEL | {"physics", "laser", "generator"},
    "ntuple": KERNEL | {"ntuple"},
    "analysis": KERNEL | {"ntuple", "analysis", "parallel.executor"},
    "prediction": KERNEL
    | {"physics", "laser", "detector", "prediction"}
    | {"analysis.model", "analysis.data", "analysis.floating"},
    "plots": KERNEL | {"analysis", "plots"},
    "runfile": KERNEL | {"physics", "laser", "detector", "runfile", "data"},
    "production": KERNEL
    | {"physics", "laser", "generator", "detector", "ntuple", "prediction", "runfile", "production"}
    | {"analysis.data", "parallel.executor"},
    "parallel": {"errors", "parallel"},
    "app": KERNEL | LIBRARIES | {"app", "data", "parallel"},
    "cli": KERNEL | {"app", "runfile", "production", "ntuple", "parallel", "cli"},
    "__main__": {"cli"},
    "detector": {"detector"},
}
# uproot is known to the ntuple layer only, the terminal to cli, figures to plots
THIRD_PARTY = {
    "uproot": {"ntuple"},
    "awkward": {"ntuple"},
    "pyarrow": {"ntuple"},
    "typer": {"cli"},
    "rich": {"cli"},
    "iminuit": {"analysis"},
    "matplotlib": {"plots"},
    "mplhep": {"plots"},
    "jinja2": {"app"},
    "markupsafe": {"app"},
    "dask": {"parallel"},
    "distributed": {"parallel"},
}
DETECTOR_MAY_USE = {"numpy", "scipy", "detector"}


def imported_modules(source: str) -> set[str]:
    """Return dotted names; `from a import b` counts as a and as a.b, since b may be a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            assert node.module is not None
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def faults(package: str, source: str) -> list[str]:
    """Return the imports of a file of `package` that the table does not allow."""
    out = []
    modules = imported_modules(source)
    for module in sorted(modules):
        top, _, rest = module.partition(".")
        if top in ("renp_sim", "detector"):
            inside = rest if top == "renp_sim" else "detector"
            if not inside:  # `from renp_sim import x` is judged by its x
                continue
            allowed = any(inside == a or inside.startswith(a + ".") for a in ALLOWED[package])
            # naming a parent is fine where only its child was imported
            parent = any(a.startswith(inside + ".") and f"renp_sim.{a}" in modules for a in ALLOWED[package])
            if not allowed and not parent:
                out.append(f"{package} imports {module}")
        elif top in THIRD_PARTY:
            if package not in THIRD_PARTY[top]:
                out.append(f"{package} imports {module}")
        elif package == "detector" and top not in DETECTOR_MAY_USE | sys.stdlib_module_names:
            out.append(f"{package} imports {module}")
    return out


def sources() -> list[tuple[str, Path]]:
    ours = [
        (p.relative_to(ROOT / "renp_sim").parts[0].removesuffix(".py"), p)
        for p in (ROOT / "renp_sim").rglob("*.py")
    ]
    leaf = [("detector", p) for p in (ROOT / "detector").rglob("*.py")]
    return [(package, p) for package, p in ours + leaf if package != "__init__"]


def test_every_import_is_allowed() -> None:
    found = [f"{p}: {fault}" for package, p in sources() for fault in faults(package, p.read_text("utf-8"))]
    assert found == []
    assert len(sources()) > 10  # the walk did find the code


PLANTED = {
    "__main__": "from renp_sim.app.fitting import fit_data",
    "analysis": "import renp_sim.physics.rates as rates",
    "app": "from renp_sim.cli import main",
    "arrays": "from renp_sim import errors",
    "cli": "from renp_sim.physics.rates import spectral_function",
    "constants": "from renp_sim.arrays import FloatArray",
    "data": "import renp_sim.errors",
    "detector": "from renp_sim.errors import ConfigError",
    "errors": "import renp_sim.constants",
    "generator": "from renp_sim.prediction import signal",
    "laser": "def f():\n    from renp_sim import generator",
    "ntuple": "from renp_sim.analysis.data import Exposure",
    "parallel": "from renp_sim.streams import stream",
    "physics": "from renp_sim.laser.schedule import Schedule",
    "plots": "from renp_sim.physics.neutrino import Ordering",
    "prediction": "from renp_sim.analysis.infer import fit",
    "production": "from renp_sim.app.report import run_all",
    "runfile": "from renp_sim.production.generate import generate",
    "files": "from renp_sim.outputs import require_outputs",
    "outputs": "from renp_sim.streams import stream",
    "streams": "from renp_sim.constants import MU_B_PER_EV",
}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_planted_violation_is_found(package: str) -> None:
    assert faults(package, PLANTED[package]), f"{PLANTED[package]!r} was let through"


@pytest.mark.parametrize("library", THIRD_PARTY)
def test_a_planted_library_is_found(library: str) -> None:
    for package in ALLOWED.keys() - THIRD_PARTY[library] - {"detector"}:
        assert faults(package, f"def f():\n    from {library} import x"), f"{package} may import {library}"
    assert faults("detector", f"import {library}.x")


def test_every_package_is_in_the_table() -> None:
    assert {package for package, _ in sources()} == set(ALLOWED) == set(PLANTED)


def test_allowed_imports_pass() -> None:
    fine = {
        "prediction": "from renp_sim.analysis.data import Exposure",
        "cli": "from renp_sim.app import config",
        "detector": "import numpy as np\nfrom detector.efficiency import Constant",
    }
    for package, source in fine.items():
        assert faults(package, source) == []


def table() -> str:
    """Return who may import whom as docs/architecture.md prints it; what a room is says its docstring."""
    lines = ["| room | what it is | may import |", "|---|---|---|"]
    for room, allowed in ALLOWED.items():
        folder = ROOT / room if room == "detector" else ROOT / "renp_sim" / room
        file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        what = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]
        kernel = ["kernel"] if allowed >= KERNEL else sorted(allowed & KERNEL)
        names = [*kernel, *sorted(allowed - KERNEL - {room})]
        lines.append(f"| `{room}` | {what} | {', '.join(names) or '–'} |")
    return "\n".join(lines)


def test_the_architecture_page_has_this_table() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert table() in page, f"docs/architecture.md must print\n{table()}"
