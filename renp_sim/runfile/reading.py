"""Reading a run file: TOML from a path or an example by name, `--set` changes, and the template."""

import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from renp_sim.errors import ConfigError, nearest
from renp_sim.files import write_file
from renp_sim.runfile.problems import shown

__all__ = ["EXAMPLES", "apply_settings", "example_text", "folder_of", "read_table", "write_template"]

EXAMPLES = (
    "fine_scan",
    "gp23_three_frequencies",
    "gp23_six_frequencies",
    "yb_realistic",
    "pedagogical_blind",
)
"""Run files that come with the package; the first is what `renp-sim run` takes without an argument."""

LONGEST_SETTING = 100
"""More of it is not repeated in a message."""


def example_text(name: str) -> str:
    """Return the TOML of an example run file."""
    return (files("renp_sim.data") / "examples" / f"{name}.toml").read_text("utf-8")


def write_template(path: Path, *, force: bool = False) -> None:
    """Write a commented run file with a fresh seed.

    Raises
    ------
    SchemaError
        If the file exists and `force` is not given, or cannot be written.
    """
    # TOML integers are signed 64-bit
    text = example_text("template").replace("@SEED@", str(secrets.randbelow(2**63)))
    write_file(path, text.encode(), force=force)


def read_table(path: str | PathLike[str]) -> dict[str, Any]:
    """Read TOML from a path, or from an example by its name.

    Raises
    ------
    ConfigError
        If the file is missing, unreadable or not TOML.
    """
    name = fspath(path)
    if name in EXAMPLES:
        return tomllib.loads(example_text(name))
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{name}: no such run file; `renp-sim init FILE` writes one, "
            f"and these examples can be named as they are: {', '.join(EXAMPLES)}"
        ) from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        # a name that none can have
        raise ConfigError(f"{shown(name)}: cannot be read: {error}") from None
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: {_foreign(data)}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not TOML: {_told(error)}") from None


def folder_of(path: str | PathLike[str]) -> Path:
    """Return where the files are that a run file names; an example has no folder of its own."""
    name = fspath(path)
    return Path() if name in EXAMPLES else Path(name).parent


def apply_settings(table: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Return the table with changes of the form `section.key=value` or `laser.scan[0].passes=2`.

    A value is read as TOML, and as a plain string where it is none; `section.key=` takes the key away.

    Raises
    ------
    ConfigError
        If a setting has no `=`, its path leads through something that is no table, or nothing is there to
        be taken away.

    Examples
    --------
    >>> apply_settings({"neutrino": {"lightest_mass_eV": 0.01}}, ["neutrino.lightest_mass_eV="])
    {'neutrino': {}}
    """
    changed = dict(table)
    for setting in settings:
        path, equals, text = setting.partition("=")
        keys = re.split(r"[.\[\]]+", path.strip().rstrip("]"))
        if not equals or "" in keys:
            raise ConfigError(f"--set {setting}: write section.key=value, such as laser.linewidth_eV=1e-6")
        try:
            *way, last = keys
            node: Any = changed
            for key in way:
                node = _step_into(node, key)
            if text.strip():
                node[_slot(node, last)] = _value(text)
            elif last in node or isinstance(node, list):
                del node[_slot(node, last)]
            else:
                raise ConfigError(f"no such key to take away; {nearest(last, node)}")
        except ConfigError as error:
            raise ConfigError(f"--set {_clipped(setting)}: {error}") from None
    return changed


def _step_into(node: Any, key: str) -> Any:
    """Return what a key leads to, copied in its place, so that the table that was given stays as it is."""
    slot = _slot(node, key)
    inside = node[slot] if isinstance(node, list) else node.get(slot, {})
    if not isinstance(inside, dict | list):
        raise ConfigError(f"{_clipped(key)} = {shown(inside)} is a value and has nothing below it")
    node[slot] = inside.copy()
    return node[slot]


def _slot(node: Any, key: str) -> Any:
    """Return a key of a table as it is, one of a list as a number."""
    if isinstance(node, dict):
        return key
    if not (re.fullmatch("[0-9]{1,9}", key) and int(key) < len(node)):
        raise ConfigError(f"{_clipped(key)}: must be a number from 0 to {len(node) - 1}, the place in a list")
    return int(key)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
    except (ValueError, RecursionError) as error:
        raise ConfigError(_told(error)) from None


def _foreign(data: bytes) -> str:
    """Return what bytes that are no text are."""
    if data.startswith(b"root"):
        return (
            "a ROOT file, not TOML: `renp-sim inspect FILE` shows what it is; `spectrum`, `fit`, `limit`, "
            "`compare`, `excess` and `report` read photons, `pulls` reads toys"
        )
    return "not TOML, nor any text in UTF-8: `renp-sim init FILE` writes a run file"


def _told(error: Exception) -> str:
    """Return what is wrong with TOML, where the parser's own words would not help."""
    if isinstance(error, RecursionError):
        return "lists or tables are nested too deeply"
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    return "a number has too many digits"


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_SETTING else f"{text[:LONGEST_SETTING]}…"
