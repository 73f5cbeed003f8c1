"""How long files and functions are: what no longer fits a screen has a second thing to do."""

import ast
from pathlib import Path

PACKAGES = [Path(__file__).parents[1] / name for name in ("renp_sim", "detector")]
LONGEST_FILE, LONGEST_BODY = 300, 55


def too_long(source: str, name: str) -> list[str]:
    """Return what is longer than it may be: the file, or what functions do below their docstring."""
    found = [name] if len(source.splitlines()) > LONGEST_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
            if (node.end_lineno or 0) - first.lineno >= LONGEST_BODY:
                found.append(f"{name}: {node.name}")
    return found


def test_files_and_functions_fit() -> None:
    files = [path for package in PACKAGES for path in sorted(package.rglob("*.py"))]
    assert len(files) > 100
    assert [each for path in files for each in too_long(path.read_text("utf-8"), path.name)] == []


def test_what_does_not_fit_is_found() -> None:
    """The broken twin."""
    long = "def f():\n    '''Say it.'''\n" + "    x = 1\n" * LONGEST_BODY
    assert too_long(long, "a.py") == []
    assert too_long(long + "    x = 2\n", "a.py") == ["a.py: f"]
    assert too_long("x = 1\n" * (LONGEST_FILE + 1), "b.py") == ["b.py"]
