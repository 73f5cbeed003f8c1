"""One rule for every command that writes: an input is no output, nothing is replaced unasked, one line."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from renp_sim.cli import main
from renp_sim.files import PartFile
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, example_text, read_table
from renp_sim.runfile.run import load, run_from_table

SCAN = "laser.scan=[{omegas_eV=[1.0688, 1.0711, 1.07164], total_duration_s=3e5}]"
QUIET = ("--set", SCAN)

Ends = Callable[..., str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "in.root"
    generate(run_from_table(apply_settings(read_table("fine_scan"), [SCAN])), path)
    return path


@pytest.fixture
def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ends:
    """Run a command in an empty folder; return its one line of complaint, if it may not succeed."""
    monkeypatch.chdir(tmp_path)

    def run(code: int, *arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        err = capsys.readouterr().err
        assert ended.value.code == code, err
        if code:
            assert len(err.splitlines()) == 1, err
            assert err.startswith("renp-sim: "), err
        return err

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run_file(folder: Path, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(example_text("gp23_three_frequencies"))
    return path


WAYS = ("itself", "soft", "hard", "folder")


def way_to(path: Path, way: str) -> Path:
    """Another name of a file, with the same suffix."""
    other = path.with_name(f"other{path.suffix}")
    if way == "itself":
        return path
    if way == "folder":
        path.parent.joinpath("below").symlink_to(path.parent)
        return path.parent / "below" / path.name
    other.symlink_to(path) if way == "soft" else other.hardlink_to(path)
    return other


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["export", "merge", "reweight"])
def test_a_sample_is_not_written_over(made: Path, tmp_path: Path, ends: Ends, command: str, way: str) -> None:
    sample = Path(shutil.copy(made, tmp_path / "in.root"))
    out = way_to(sample, way)
    before = contents(tmp_path)
    arguments = {
        "export": ("export", sample, "--to", "csv", "-o", out),
        "merge": ("merge", out, sample),
        "reweight": ("reweight", sample, "--set", "neutrino.sin2_theta12=0.3", "-o", out),
    }[command]
    for force in ((), ("--force",)):
        assert "is the input" in ends(3, *arguments, *force)
        assert contents(tmp_path) == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["generate", "rate"])
def test_a_run_file_is_not_written_over(tmp_path: Path, ends: Ends, command: str, way: str) -> None:
    run = run_file(tmp_path, "mine.png")
    out = way_to(run, way)
    before = contents(tmp_path)
    option = "--plot" if command == "rate" else "-o"
    for force in ((), ("--force",)):
        assert "is the input" in ends(3, command, run, option, out, *force)
        assert contents(tmp_path) == before


@pytest.mark.parametrize("way", ["itself", "folder"])
def test_a_folder_of_results_does_not_hide_an_input(made: Path, tmp_path: Path, ends: Ends, way: str) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    run = run_file(folder, "results.json")
    sample = Path(shutil.copy(made, folder / "spectrum.pdf"))
    named = folder if way == "itself" else tmp_path / "link"
    if way == "folder":
        named.symlink_to(folder)
    before = contents(tmp_path)
    for arguments in (
        ("run", run, "-o", named),
        ("fit", made, "--model", run, "-o", named),
        ("fit", sample, "-o", named),
        ("spectrum", sample, "-o", named),
    ):
        assert "is the input" in ends(3, *arguments, "--force")
        assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("existing", "arguments"),
    [
        ("out.root", ("generate", "fine_scan", "-o", "out.root", *QUIET)),
        ("out.csv", ("export", "IN", "-o", "out.csv")),
        ("out.root", ("merge", "out.root", "IN")),
        ("out.root", ("reweight", "IN", "--set", "neutrino.sin2_theta12=0.3", "-o", "out.root")),
        ("out/results.json", ("fit", "IN", "-o", "out", "--ordering", "normal", "-q")),
        ("out/spectrum.pdf", ("spectrum", "IN", "-o", "out")),
        ("out.pdf", ("rate", "gp23_three_frequencies", "--plot", "out.pdf")),
        ("out.toml", ("init", "out.toml")),
        ("out/figure1_mediators.csv", ("figures", "out")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_exists_is_replaced_with_force_only(
    made: Path, tmp_path: Path, ends: Ends, existing: str, arguments: tuple[str, ...]
) -> None:
    mine = tmp_path / existing
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    command = [str(made) if argument == "IN" else argument for argument in arguments]
    assert f"{existing}: exists already" in ends(3, *command)
    assert contents(tmp_path) == {existing: b"mine"}
    ends(0, *command, "--force")
    assert mine.read_bytes() != b"mine"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", "is a folder"),
        ("", "is a folder"),
        ("/", "is a folder"),
        ("pipe", "is a device or a pipe"),
        ("x" * 252, "File name too long"),
        ("x" * 300, "File name too long"),
        ("x" * 5000, "File name too long"),
        ("no/where", "No such file"),
        ("no\nsuch/file", r"no\nsuch/file: cannot be written (No such file"),
        ("\udcff/file", r"\udcff/file: cannot be written (No such file"),
        ("~nobody/file", "No such file"),
        ("file/below", "Not a directory"),
    ],
    ids=lambda value: ascii(value)[:12],
)
@pytest.mark.parametrize("command", ["generate", "export", "parquet", "merge", "reweight", "init"])
def test_what_is_no_name_of_a_file_is_one_line(
    made: Path, tmp_path: Path, ends: Ends, command: str, out: str, message: str
) -> None:
    (tmp_path / "file").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    arguments = {
        "generate": ("generate", "fine_scan", "-o", out, *QUIET),
        "export": ("export", made, "--to", "csv", "-o", out),
        "parquet": ("export", made, "--to", "parquet", "-o", out),
        "merge": ("merge", out, made),
        "reweight": ("reweight", made, "--set", "neutrino.sin2_theta12=0.3", "-o", out),
        "init": ("init", out),
    }[command]
    for force in ((), ("--force",)):
        assert message in ends(3, *arguments, *force)
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "IN", "--ordering", "normal", "-q", "-o"),
        ("spectrum", "IN", "-o"),
        ("run", *QUIET, "-q", "-o"),
        ("figures",),
    ],
    ids=lambda value: value[0],
)
def test_a_folder_that_cannot_be_made_is_one_line(
    made: Path, tmp_path: Path, ends: Ends, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("mine")
    command = [str(made) if argument == "IN" else argument for argument in arguments]
    for out in ("file", "file/below", "x" * 300, "x" * 5000, "x\n" * 200, "/proc/x"):
        ends(3, *command, out)
    assert contents(tmp_path) == {"file": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "out",
    ["", ".", "/", ".png", "folder.png", "no/where.png", "file/x.pdf", "x" * 300 + ".png", "no\n/x.png"],
)
def test_a_plot_that_cannot_be_written_is_one_line(tmp_path: Path, ends: Ends, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder.png").mkdir()
    for force in ((), ("--force",)):
        ends(2 if not Path(out).suffix else 3, "rate", "gp23_three_frequencies", "--plot", out, *force)
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "fine_scan", "-o"),
        ("export", "IN", "--to", "csv", "-o"),
        ("merge",),
        ("reweight", "IN", "--set", "neutrino.sin2_theta12=0.3", "-o"),
        ("init",),
        ("rate", "gp23_three_frequencies", "--plot"),
        ("fit", "IN", "-o"),
        ("spectrum", "IN", "-o"),
        ("run", "-o"),
        ("figures",),
        ("check",),
        ("inspect",),
    ],
    ids=lambda value: value[0],
)
def test_a_name_with_a_null_byte_is_no_traceback(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """No shell can give one; the command line library or we refuse it."""
    monkeypatch.chdir(tmp_path)
    command = [str(made) if argument == "IN" else argument for argument in arguments]
    with pytest.raises(SystemExit) as ended:
        main([*command, "a\0b.png"])
    assert ended.value.code in (2, 3)
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_line(made: Path, tmp_path: Path, ends: Ends) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    folder.chmod(0o500)
    for arguments in (
        ("rate", "gp23_three_frequencies", "--plot", folder / "a.pdf"),
        ("generate", "fine_scan", "-o", folder / "a.root", *QUIET),
        ("fit", made, "-q", "-o", folder),
        ("spectrum", made, "-o", folder),
    ):
        assert "Permission denied" in ends(3, *arguments)


def test_two_exports_of_one_name_do_not_mix(made: Path, tmp_path: Path, ends: Ends) -> None:
    other = PartFile(tmp_path / "a.csv")
    other.write(b"the other job")
    assert "another job is writing it" in ends(3, "export", made, "-o", "a.csv", "--force")
    other.commit()
    assert contents(tmp_path) == {"a.csv": b"the other job"}


def test_the_suffix_of_an_export_says_its_format(made: Path, tmp_path: Path, ends: Ends) -> None:
    for out in ("a.json", "a", "a.csv.gz", ".csv"):
        assert "must end in .parquet or .csv, or --to must" in ends(2, "export", made, "-o", out)
    assert contents(tmp_path) == {}
    ends(0, "export", made, "-o", "a.CSV")
    assert (tmp_path / "a.CSV").read_text().startswith("run,event,step")
    ends(0, "export", made, "-o", "a.Parquet")
    assert (tmp_path / "a.Parquet").read_bytes().startswith(b"PAR1")
    ends(0, "export", made, "-o", "a.json", "--to", "csv")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "a.CSV").read_bytes()


@pytest.mark.parametrize("name", ["../x", "a/b", "ABSOLUTE", "..", ".", "", "a\\u0000b", "a\\nb"])
def test_the_name_of_a_run_is_a_name(tmp_path: Path, ends: Ends, name: str) -> None:
    given = str(tmp_path / "x") if name == "ABSOLUTE" else name
    assert "run.name" in ends(2, "run", "--set", f'run.name="{given}"', *QUIET)
    assert contents(tmp_path) == {}
    assert not (tmp_path.parent / "x").exists()


def test_a_run_goes_into_a_folder_of_its_name(tmp_path: Path) -> None:
    assert load("fine_scan", ("run.name=γ rays, 2nd",)).config.run.name == "γ rays, 2nd"


def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, ends: Ends, small_disk: Path, made: Path
) -> None:
    """Plots and tables too: a PDF is drawn in memory and written at once."""
    (small_disk / "filler").write_bytes(bytes(196_608))
    cases: tuple[tuple[str | Path, ...], ...] = (
        ("rate", "gp23_three_frequencies", "--plot", small_disk / "a.png"),
        ("rate", "gp23_three_frequencies", "--plot", small_disk / "a.pdf"),
        ("spectrum", made, "-o", small_disk / "out"),
        ("export", made, "-o", small_disk / "a.csv"),
        ("export", made, "-o", small_disk / "a.parquet"),
        ("generate", "fine_scan", "-o", small_disk / "a.root"),
        ("figures", small_disk / "figures"),
    )
    for arguments in cases:
        assert "No space left" in ends(3, *arguments)
        left = {path.name for path in small_disk.iterdir()} - {"filler"}
        # what was whole before the disk was full stays, in a folder
        assert not left or left < {"out", "figures"}, (arguments, left)
        assert not list(small_disk.rglob("*.part"))
        for name in left:
            shutil.rmtree(small_disk / name)


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory):
    import subprocess

    disk = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
