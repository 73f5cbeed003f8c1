"""FILE.shards: a folder that this program fills and removes, and only if it carries its mark.

The mark is `manifest.json`, which also says of what job the shards are. A user's folder of the same name is
refused, whatever is in it.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from renp_sim.errors import SchemaError, listed
from renp_sim.files import write_file

__all__ = ["claim_folder", "difference", "discard_folder", "read_json", "write_json"]

PROGRAM: Final = "renp-sim"
FORMAT: Final = 2
MANIFEST: Final = "manifest.json"
OWN_NAMES: Final = re.compile(r"(manifest\.json|\d{6,}\.(json|shard))(\.part)?")

ELSEWHERE: Final = "move it away or give the output another name"


def claim_folder(folder: Path, fingerprint: str, decides: Mapping[str, Any] | None = None) -> None:
    """Make the folder of a job, or find the one that the same job left.

    `decides` is what the fingerprint stands for, JSON, from which is told how another job differs.

    Raises
    ------
    SchemaError
        If it is of another job, holds anything that is not of this program, or cannot be written.
    """
    mark = {"program": PROGRAM, "format": FORMAT, "fingerprint": fingerprint}
    try:
        folder.mkdir()
    except FileExistsError:
        pass
    except OSError as error:
        raise _unusable(folder, error) from error
    if folder / MANIFEST not in _own_files(folder):
        write_json(folder / MANIFEST, mark | {"decides": decides or {}})
    found = read_json(folder / MANIFEST) or {}
    if {name: found.get(name) for name in mark} != mark:
        raise SchemaError(
            f"{folder}: holds shards of another job{difference(found.get('decides'), decides)}: --force "
            "without --resume starts again without them, or give the output another name"
        )


def difference(theirs: Mapping[str, Any] | None, ours: Mapping[str, Any] | None, otherwise: str = "") -> str:
    """Return in which keys two jobs differ, as a message goes on; nothing where one does not say.

    `otherwise` is what is not among them.

    Examples
    --------
    >>> difference({"run": {"seed": 1, "name": "a"}}, {"run": {"seed": 2, "name": "a"}})
    ', which differs in run.seed'
    """
    if not theirs or not ours:
        return ""
    # as it comes out of a file
    each = [dict(_flat(json.loads(json.dumps(table)))) for table in (theirs, ours)]
    nothing = object()
    names = dict.fromkeys([*each[1], *each[0]])
    differing = [name for name in names if each[0].get(name, nothing) != each[1].get(name, nothing)]
    # the number of a run follows from what else its file says, if it does not say it
    named = [name for name in differing if name != "run.number"] or differing
    said = listed(named) or otherwise
    return f", which differs in {said}" if said else ""


def _flat(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and what is there."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def discard_folder(folder: Path) -> None:
    """Remove a folder of shards, whatever job they are of.

    Raises
    ------
    SchemaError
        If it holds anything that is not of this program, or cannot be removed.
    """
    # the manifest goes last: what a kill leaves is still a folder of shards, or an empty one
    files = sorted(_own_files(folder), key=lambda path: path.name == MANIFEST)
    try:
        for file in files:
            file.unlink()
        folder.rmdir()
    except OSError as error:
        raise SchemaError(f"{folder}: cannot be removed ({error.strerror}): delete it") from error


def _own_files(folder: Path) -> list[Path]:
    """Return what is in a folder of shards; an empty one may have been left before it got its mark."""
    try:
        is_folder = stat.S_ISDIR(os.lstat(folder).st_mode)
        children = sorted(folder.iterdir()) if is_folder else []
    except OSError as error:
        raise _unusable(folder, error) from error
    if not is_folder:
        raise SchemaError(f"{folder}: is a file or a link where shards would go: {ELSEWHERE}")
    foreign = [child for child in children if not OWN_NAMES.fullmatch(child.name)]
    is_marked = (read_json(folder / MANIFEST) or {}).get("program") == PROGRAM
    if not is_marked:
        foreign += [child for child in children if child.name != MANIFEST + ".part"]
    if foreign:
        raise SchemaError(f"{folder}: holds {foreign[0].name}, which is not of this program: {ELSEWHERE}")
    return children


def _unusable(folder: Path, error: OSError) -> SchemaError:
    return SchemaError(f"{folder}: cannot be used for shards ({error.strerror})")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object that is verified whenever it is read; SchemaError if that cannot be."""
    write_file(path, json.dumps(content).encode(), force=True, durable=False)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return a JSON object, or None if there is none or it is torn."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
