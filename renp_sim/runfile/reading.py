"""Reading a run file: TOML, `--set` changes, and every error at once in the user's own terms."""

import json
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from renp_sim.errors import ConfigError
from renp_sim.files import write_file
from renp_sim.runfile.sections import RunConfig

__all__ = ["EXAMPLES", "apply_settings", "config_from_table", "example_text", "read_table", "write_template"]

EXAMPLES = ("fine_scan", "gp23_three_frequencies", "gp23_six_frequencies")
"""Run files that come with the package; the first is what `renp-sim run` takes without an argument."""

LATER = {
    "laser.pulses": "pulsed lasers",
    "detector.channels": "several detector channels",
    "detector.afterpulse": "afterpulses",
    "drift": "drifts",
    "output.blind": "blind files",
}
"""Keys of the run file's contract that are refused until they do something."""

MOST_ROUNDS = 20
"""Mistakes below mistakes below mistakes: more rounds find nothing."""

Location = tuple[int | str, ...]


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


def read_table(path: str | Path) -> dict[str, Any]:
    """Read TOML from a path, or from an example by its name.

    Raises
    ------
    ConfigError
        If the file is missing, unreadable or not TOML.
    """
    name = str(path)
    if name in EXAMPLES:
        return tomllib.loads(example_text(name))
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{name}: no such run file; `renp-sim init FILE` writes one, "
            f"and these examples can be named as they are: {', '.join(EXAMPLES)}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None


def apply_settings(table: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Return the table with changes of the form `section.key=value` or `laser.scan[0].passes=2`.

    A value is read as TOML, and as a plain string where it is none.

    Raises
    ------
    ConfigError
        If a setting has no `=` or its path leads through something that is no table.
    """
    changed = json.loads(json.dumps(table, default=str))
    for setting in settings:
        path, equals, text = setting.partition("=")
        keys = [int(k) if k.isdigit() else k for k in re.split(r"[.\[\]]+", path.strip().rstrip("]"))]
        if not equals or not path.strip() or "" in keys:
            raise ConfigError(f"--set {setting}: write section.key=value, such as laser.linewidth_eV=1e-6")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text.strip()
        node: Any = changed
        for key, following in zip(keys, [*keys[1:], None], strict=True):
            if isinstance(node, list) and (not isinstance(key, int) or key >= len(node)):
                raise ConfigError(
                    f"--set {setting}: {path} needs a number from 0 to {len(node) - 1} at {key!r}"
                )
            if not isinstance(node, dict | list):
                raise ConfigError(f"--set {setting}: {key!r} is below a value, not below a section")
            slot: Any = key if isinstance(node, list) else str(key)
            if following is None:
                node[slot] = value
            elif isinstance(node, dict):
                node = node.setdefault(slot, {})
            else:
                node = node[slot]
    return dict(changed)


def config_from_table(table: Mapping[str, Any]) -> tuple[RunConfig | None, list[str]]:
    """Return the configuration and every problem found in the table.

    What is wrong is taken out, its default or a stand-in holds instead, and the rest is looked at again,
    so that one mistake does not hide another. The configuration is None where nothing could stand in; with
    problems it serves to find more of them, and nothing else.
    """
    data: Any = json.loads(json.dumps(table, default=str))
    problems: list[str] = []
    mended: dict[Location, int] = {}
    replaced: set[Location] = set()
    for _ in range(MOST_ROUNDS):
        try:
            return RunConfig.model_validate_json(json.dumps(data)), problems
        except ValidationError as error:
            details = _relevant(data, error.errors(include_url=False))
        for detail in details:
            where = _location(data, detail)
            # a rule for a whole section says nothing of the user's values where one of them was taken out
            is_aftermath = detail["type"] == "value_error" and any(
                r != where and r[: len(where)] == where for r in replaced
            )
            if where not in mended and not is_aftermath:
                problems.append(_line(detail))
            if detail["type"] not in ("extra_forbidden", "value_error"):
                replaced.add(where)
        # list elements from the end, so that positions stay what they were
        for detail in sorted(details, key=lambda d: [str(part) for part in d["loc"]], reverse=True):
            where = _location(data, detail)
            _mend(data, where, mended.get(where, 0))
            mended[where] = mended.get(where, 0) + 1
    return None, problems


def _location(data: Any, detail: ErrorDetails) -> Location:
    """Return where the fault is in the data; a missing key is where it would be."""
    path = tuple(_path_in(data, detail["loc"]))
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path


def _mend(data: Any, where: Location, attempt: int) -> None:
    """Take a faulty value out; where that leaves a hole, put in something that may pass."""
    node = data
    for part in where[:-1]:
        node = node[part]
    key: Any = where[-1] if where else None
    if isinstance(node, dict) and key is not None:
        if attempt == 0 and key in node:
            del node[key]
        else:
            node[key] = (1, "stand-in", {})[attempt % 3]
    elif isinstance(node, list) and isinstance(key, int) and key < len(node):
        del node[key]


def _relevant(data: Any, details: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Return one fault per place: of a union only the members that the value was meant to be."""
    chosen: dict[Location, ErrorDetails] = {}
    for detail in details:
        where = _location(data, detail)
        if where not in chosen or _is_other_type(chosen[where]):
            chosen[where] = detail
    return [
        detail
        for where, detail in chosen.items()
        if not (_is_other_type(detail) and any(w != where and w[: len(where)] == where for w in chosen))
    ]


def _is_other_type(detail: ErrorDetails) -> bool:
    return detail["type"].endswith("_type")


def _path_in(data: Any, location: Location) -> list[Any]:
    """Return the part of a pydantic location that exists in the data: names of union members are not keys."""
    node, keys = data, []
    for part in location:
        inside = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if inside:
            keys.append(part)
            node = node[part]
    return keys


def _where(location: Location) -> str:
    """Write a location as a user would: laser.steps[3].omega_eV."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _is_union_member(part):
            text += f".{part}" if text else part
    return text


def _is_union_member(part: str) -> bool:
    """Whether a part of a pydantic location names a type or a discriminator, not a key."""
    return (
        part[:1].isupper()
        or "[" in part
        or part in ("str", "float", "int", "bool", "constrained-str", "constrained-float")
        or part in ("dark_counts", "constant", "turn_on", "tabulated")
        or part == "continuum"
    )


def _line(detail: ErrorDetails) -> str:
    """Return one line: where, what was given, what is allowed, what to do."""
    where, kind, given = _where(detail["loc"]), detail["type"], detail["input"]
    if kind == "missing":
        hint = "; `renp-sim init FILE` writes a run file with a fresh seed" if where == "run.seed" else ""
        return f"{where}: is missing and has no default{hint}"
    if kind == "extra_forbidden":
        generic = re.sub(r"\[\d+\]", "", where)
        if generic in LATER:
            return f"{where}: {LATER[generic]} are not built yet in this version; leave the key out"
        return f"{where}: no such key{_nearest(detail['loc'])}"
    if kind == "too_short":
        size = detail["ctx"]
        return f"{where}: has {size['actual_length']} items: needs at least {size['min_length']}"
    allowed = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if kind == "value_error":
        return f"{where}: {allowed}"
    shown = given if isinstance(given, str | int | float | bool) else type(given).__name__
    return f"{where} = {json.dumps(shown)}: {allowed}"


def _nearest(location: Location) -> str:
    """Name the known key nearest to a mistyped one, or all of its section."""
    model: Any = RunConfig
    for part in location[:-1]:
        model = _child(model, part)
        if model is None:
            return ""
    known = list(model.model_fields)
    near = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"


def _child(model: type[BaseModel], part: int | str) -> type[BaseModel] | None:
    """Return the section that a part of a location leads to, through lists and unions."""
    if isinstance(part, int):
        return model
    pending = [model.model_fields[part].annotation] if part in model.model_fields else []
    found: list[type[BaseModel]] = []
    while pending:
        annotation = pending.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        pending += list(getattr(annotation, "__args__", ()))
    if not found:
        # the name of a union member, at which the walk already stands
        return model if _is_union_member(str(part)) else None
    return found[0]
