"""The one way to write a file: whole or not at all, locked, through no link, over nothing of the user's."""

import os
import random
from pathlib import Path

import pytest

from renp_sim.errors import SchemaError
from renp_sim.files import MARK, PartFile, require_new, write_file
from renp_sim.outputs import require_outputs, results_folder


@pytest.mark.parametrize("size", [0, 1, len(MARK) - 1, len(MARK), len(MARK) + 1, 100_000])
def test_a_file_has_its_bytes_and_nothing_else(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    write_file(tmp_path / "a", data)
    assert (tmp_path / "a").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_writes_anywhere_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    """200 random writes and reads, many of them across the first bytes, beside a bytearray."""
    rng, content = random.Random(1), bytearray()
    file = PartFile(tmp_path / "a")
    for _ in range(200):
        start = rng.randrange(len(content) + 1)
        data = rng.randbytes(rng.randrange(40))
        content[start : start + len(data)] = data
        file.seek(start)
        assert file.write(data) == len(data)
        assert file.part.read_bytes()[: len(MARK)] == MARK
        start = rng.randrange(len(content) + 1)
        file.seek(start)
        assert file.read(30) == bytes(content[start : start + 30])
    file.commit()
    assert (tmp_path / "a").read_bytes() == content


def plant_link(part: Path, precious: Path) -> None:
    part.symlink_to(precious)


def plant_dangling_link(part: Path, precious: Path) -> None:
    part.symlink_to(precious.with_name("nowhere"))


def plant_second_name(part: Path, precious: Path) -> None:
    part.hardlink_to(precious)


def plant_file(part: Path, precious: Path) -> None:
    part.write_bytes(precious.read_bytes())


def plant_folder(part: Path, precious: Path) -> None:
    part.mkdir()


def plant_pipe(part: Path, precious: Path) -> None:
    os.mkfifo(part)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "plant", [plant_link, plant_dangling_link, plant_second_name, plant_file, plant_folder, plant_pipe]
)
def test_a_part_that_is_not_ours_is_refused_and_kept(tmp_path: Path, plant, force: bool) -> None:
    precious = tmp_path / "thesis.tex"
    # also where the other file has our mark: it is somebody's .part
    precious.write_bytes((MARK if plant is plant_second_name else b"") + b"years of work")
    before = precious.read_bytes()
    part = tmp_path / "a.part"
    plant(part, precious)
    found = part.lstat()
    with pytest.raises(SchemaError, match=r"a\.part: is a .* that this program did not leave") as caught:
        write_file(tmp_path / "a", b"new", force=force)
    assert len(str(caught.value).splitlines()) == 1
    assert precious.read_bytes() == before
    assert os.path.samestat(found, part.lstat())
    assert not os.path.lexists(tmp_path / "a")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("left", [b"", MARK, MARK + b"the beginning"])
def test_what_a_killed_job_left_is_taken_over(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.part").write_bytes(left)
    write_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert not (tmp_path / "a.part").exists()


def test_a_link_of_the_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious, link = tmp_path / "thesis.tex", tmp_path / "a"
    precious.write_text("years of work")
    for target in (precious, tmp_path / "nowhere"):
        link.symlink_to(target)
        with pytest.raises(SchemaError, match="exists already"):
            write_file(link, b"new")
        write_file(link, b"new", force=True)
        assert not link.is_symlink()
        assert link.read_bytes() == b"new"
        link.unlink()
    assert precious.read_text() == "years of work"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "is a folder"),
        ("", "is a folder"),
        ("/", "is a folder"),
        ("..", "is a folder"),
        ("folder", "is a folder"),
        ("link", "is a folder"),
        ("pipe", "is a device or a pipe"),
        ("x" * 251, "File name too long"),
        ("x" * 300, "File name too long"),
        ("a\0b", "embedded null"),
        ("loop", "symbolic links"),
        ("no/a", "No such file"),
    ],
)
def test_what_is_no_name_of_a_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("link").symlink_to("folder")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(SchemaError, match=message) as caught:
        write_file(Path(name), b"new", force=True)
    assert len(str(caught.value).splitlines()) == 1
    assert "\0" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_file_that_nobody_holds_is_removed(tmp_path: Path) -> None:
    """An interrupt may come between the making of the object and the `with` or `try` that guards it."""
    file = PartFile(tmp_path / "a")
    child = os.fork()
    if child == 0:
        # the copy of a worker: the file is not its own
        del file
        os._exit(0)
    os.waitpid(child, 0)
    assert file.part.exists()
    del file
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_another_job_is_not_removed(tmp_path: Path) -> None:
    first = PartFile(tmp_path / "a")
    first.part.unlink()
    PartFile._held.clear()  # as in another process
    second = PartFile(tmp_path / "a")
    first.discard()
    assert second.part.exists()
    second.discard()


@pytest.mark.parametrize("force", [False, True])
def test_an_output_is_never_an_input(tmp_path: Path, force: bool) -> None:
    given = tmp_path / "in.root"
    given.write_text("data")
    (tmp_path / "hard.root").hardlink_to(given)
    (tmp_path / "soft.root").symlink_to(given)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("in.root", "hard.root", "soft.root", "folder/in.root", "./in.root"):
        with pytest.raises(SchemaError, match=r"is the input .*in\.root: give the output another name"):
            require_outputs([tmp_path / "new", tmp_path / name], inputs=[None, given], force=force)
    require_outputs([tmp_path / "new"], inputs=[given, tmp_path / "missing"])


def test_what_exists_is_replaced_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(SchemaError, match=r"a: exists already: choose another name, or --force"):
        require_new(tmp_path / "a")
    require_new(tmp_path / "a", force=True)


def fail_in(folder: Path, *, filled: bool) -> None:
    assert folder.is_dir()
    if filled:
        (folder / "a").touch()
    raise ZeroDivisionError


@pytest.mark.parametrize("filled", [False, True])
def test_a_folder_into_which_nothing_got_is_unmade(tmp_path: Path, filled: bool) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "there/new/results", "results"):
        folder = tmp_path / name
        with pytest.raises(ZeroDivisionError), results_folder(folder):
            fail_in(folder, filled=filled)
        assert folder.exists() == (filled or name == "there")
    assert (tmp_path / "there" / "new").exists() == filled


@pytest.mark.parametrize("name", ["file", "file/sub", "x" * 300, "a\0b"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SchemaError) as caught, results_folder(tmp_path / name / "results"):
        pass
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(SchemaError), results_folder(tmp_path / name):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
