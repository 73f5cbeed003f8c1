"""Sessions of development: `nox` runs lint and tests, `nox -l` lists the rest."""

import re
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
BENCHMARKS = ("bench_generate", "bench_fit", "bench_toys", "bench_startup", "bench_scaling")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and types."""
    session.install("-e", ".[lint,test]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Tests, or those that are named: `nox -s tests -- tests/physics`."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *(session.posargs or ["-n", "2"]))


@nox.session(python=PYTHONS[0])
def mintest(session: nox.Session) -> None:
    """Test with the lowest version of everything that pyproject.toml asks for."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    lowest = [re.sub(r"[>=]=([^,]+).*", r"==\1", wanted) for wanted in project["dependencies"]]
    constraints = Path(session.create_tmp()) / "lowest.txt"
    constraints.write_text("\n".join(lowest))
    session.install("-e", ".[test]", "-c", str(constraints))
    # old versions may meet deprecations in what they use themselves
    allow = ("-W", "default::DeprecationWarning")
    session.run("python", "-m", "pytest", "-q", *allow, *(session.posargs or ["-n", "2"]))


@nox.session
def campaigns(session: nox.Session) -> None:
    """Statistical campaigns, all of them."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-m", "slow", *(session.posargs or ["-n", "2"]))


@nox.session
def coverage(session: nox.Session) -> None:
    """Which lines the tests run; fails below the number in pyproject.toml."""
    session.install("-e", ".[test]", "pytest-cov")
    session.run("python", "-m", "pytest", "-q", "-n", "2", "--cov", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Make the documentation site in build/docs."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "build/docs")


@nox.session
def bench(session: nox.Session) -> None:
    """Comparisons of speed of docs/guide/speed.md, quick ones: `nox -s bench -- bench_fit`."""
    session.install("-e", ".[test]")
    for name in session.posargs or BENCHMARKS:
        session.run("python", "-m", f"benchmarks.{name}", "--quick")
